import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { runToEnd } from "../helpers/wrapper.js";

/** The files of lib/ that a run of while-leader loads, with these arguments. */
async function loaded(args: readonly string[]): Promise<string[]> {
  const folder = t.testdir();
  await runToEnd(args, { env: { NODE_V8_COVERAGE: folder } });
  const files = readdirSync(folder).map((name) => readFileSync(join(folder, name), "utf8"));
  const urls = files.flatMap((text) =>
    (JSON.parse(text) as { result: { url: string }[] }).result.map(({ url }) => url),
  );
  return urls.flatMap((url) => /\/dist\/lib\/(.*)\.js$/.exec(url)?.[1] ?? []);
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
