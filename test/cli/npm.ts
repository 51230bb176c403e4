import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import type { Owner } from "../helpers/at-exit.js";
import { runCommand } from "../helpers/command.js";
import { projectPath } from "../helpers/paths.js";
import { processRow } from "../helpers/processes.js";
import { until } from "../helpers/until.js";
import { startWrapper, type Wrapper, type WrapperOptions } from "../helpers/wrapper.js";

/** Words that run while-leader through npx. */
export const NPX = ["npx", "--no-install", "while-leader"];

/** Prints a line ten times a second. */
export const BEATS = ["sh", "-c", "while :; do echo beat; sleep 0.1; done"];

/** Options for a test that needs this program of npm's. */
export async function needs(program: "npm" | "npx"): Promise<{ skip: string | false }> {
  return { skip: (await runs(program)) ? false : `${program} is missing: install npm` };
}

export async function runs(program: string): Promise<boolean> {
  return (await runCommand(program, ["--version"])).code === 0;
}

/** A package in which while-leader is installed, with these scripts, for as long as the test. */
export class Package {
  readonly #root = mkdtempSync(join(tmpdir(), "while-leader-npm-"));

  constructor(t: Owner, scripts: Record<string, string> = {}) {
    t.teardown(() => rmSync(this.#root, { recursive: true, force: true, maxRetries: 5 }));
    const entry = projectPath("dist/bin/while-leader.cjs");
    if ((statSync(entry).mode & 0o111) === 0) chmodSync(entry, 0o755); // as npm does when it installs
    const bin = join(this.#root, "node_modules", ".bin");
    mkdirSync(bin, { recursive: true });
    symlinkSync(entry, join(bin, "while-leader"));
    writeFileSync(join(this.#root, "package.json"), JSON.stringify({ name: "some", version: "1.0.0", scripts }));
  }

  /** Starts npm or npx here, with no settings of the user's and no way to a registry. `pid` is npm's. */
  start(t: Owner, program: readonly string[], args: readonly string[], options: WrapperOptions = {}): Wrapper {
    const env = {
      PATH: [dirname(process.execPath), process.env.PATH].join(delimiter),
      HOME: this.#root,
      npm_config_cache: join(this.#root, "cache"),
      npm_config_offline: "true",
      npm_config_update_notifier: "false",
      ...options.env,
    };
    return startWrapper(args, { t, cwd: this.#root, program, ...options, env });
  }
}

/** Who stands above while-leader: the shell, or npm itself where the shell does not stay. */
export async function parentOf(wrapper: Wrapper): Promise<number> {
  const { pid } = await wrapper.event("starting");
  return processRow(Number(pid))?.ppid ?? 0;
}

/** Resolves when nothing is left: npm, shells, while-leader, the command. */
export function allGone(wrapper: Wrapper): Promise<true> {
  return until("the end of npm and all it started", () => wrapper.descendants().length === 0, { timeoutMs: 20_000 });
}
