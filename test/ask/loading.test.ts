import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { runToEnd } from "../helpers/wrapper.js";

interface Covered {
  readonly result: readonly {
    readonly url: string;
    readonly functions: readonly { readonly functionName: string; readonly ranges: readonly { count: number }[] }[];
  }[];
}

/** The modules of lib/ that a run of while-leader with these arguments loads, as V8 counts it: each is a function of the bundle. */
async function loaded(args: readonly string[]): Promise<string[]> {
  const folder = t.testdir();
  await runToEnd(args, { env: { NODE_V8_COVERAGE: folder } });
  const files = readdirSync(folder).map((name) => JSON.parse(readFileSync(join(folder, name), "utf8")) as Covered);
  return files.flatMap(({ result }) =>
    result.flatMap(({ url, functions }) => {
      const vendor = /\/dist\/lib\/(vendor\/.*)\.cjs$/.exec(url)?.[1];
      const called = functions.filter(({ ranges }) => (ranges[0]?.count ?? 0) > 0);
      const own = called.flatMap(({ functionName }) => /^dist\/lib\/(.*)\.js$/.exec(functionName)?.[1] ?? []);
      return vendor === undefined ? own : [vendor];
    }),
  );
}

const ASKING = ["ask", "roll", "roll-text", "stdout", "etcd/roll-call"];

await t.test("who runs a command loads nothing of what asks, and the other way round", async (t) => {
  const nowhere = ["-n", "jobs", "--endpoints", "127.0.0.1:1"];
  const [run, candidate, asked] = [
    await loaded(["true"]),
    await loaded([...nowhere, "--wait", "0", "true"]),
    await loaded([...nowhere, "--who"]),
  ];
  t.ok(run.includes("supervisor") && candidate.includes("etcd/election"));
  for (const name of ASKING) {
    t.notOk(run.includes(name), name);
    t.notOk(candidate.includes(name), name);
    t.ok(asked.includes(name), name);
  }
  t.notOk(asked.includes("etcd/election"));
});

await t.test("a package that is not needed is not loaded", async (t) => {
  const vendors = async (...args: string[]): Promise<string[]> =>
    (await loaded(args)).filter((name) => name.startsWith("vendor/")).toSorted();
  const [parser, execa, etcd3] = ["vendor/yargs-parser", "vendor/execa", "vendor/etcd3"];
  const nowhere = ["-n", "jobs", "--endpoints", "127.0.0.1:1"];
  t.same(await vendors("true"), [execa, parser]);
  t.same(await vendors(...nowhere, "--wait", "0", "true"), [etcd3, execa, parser]);
  t.same(await vendors(...nowhere, "--who"), [etcd3, parser]);
  t.same(await vendors("--probe", "livez", "--listen", "127.0.0.1:1"), [parser]);
  t.same(await vendors("--help"), [parser, "vendor/yargs"].toSorted());
});
