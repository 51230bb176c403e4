import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Test } from "tap";
import { runToEnd } from "./wrapper.js";

interface Covered {
  readonly result: readonly {
    readonly url: string;
    readonly functions: readonly { readonly functionName: string; readonly ranges: readonly { count: number }[] }[];
  }[];
}

/** What a while-leader with this environment loads, which V8 writes at its end. */
export interface Coverage {
  readonly env: Record<string, string>;
  /** Modules of lib/ ("etcd/election", "vendor/execa"), and packages that are not part of the bundle ("@koromix/koffi-linux-x64"). */
  readonly loaded: () => Set<string>;
}

export function coverage(t: Test): Coverage {
  const folder = mkdtempSync(join(tmpdir(), "while-leader-loaded-"));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return {
    env: { NODE_V8_COVERAGE: folder },
    loaded() {
      const reports = readdirSync(folder).map(
        (name) => JSON.parse(readFileSync(join(folder, name), "utf8")) as Covered,
      );
      return new Set(reports.flatMap(({ result }) => result.flatMap(loadedOf)));
    },
  };
}

/** What a run of while-leader with these arguments loads. */
export async function loadedBy(t: Test, args: readonly string[]): Promise<Set<string>> {
  const { env, loaded } = coverage(t);
  await runToEnd(args, { env });
  return loaded();
}

/** Each of our modules is a function of the bundle, and has been called if it was loaded. */
function loadedOf({ url, functions }: Covered["result"][number]): string[] {
  const apart =
    /\/dist\/lib\/(vendor\/.*)\.cjs$/.exec(url)?.[1] ?? /\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1];
  if (apart !== undefined) return [apart];
  const called = functions.filter(({ ranges }) => (ranges[0]?.count ?? 0) > 0);
  return called.flatMap(({ functionName }) => /^dist\/lib\/(.*)\.js$/.exec(functionName)?.[1] ?? []);
}
