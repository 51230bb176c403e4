import t from "tap";
import { loadedBy } from "../helpers/loaded.js";

const ASKING = ["ask", "roll", "roll-text", "stdout", "etcd/roll-call"];

await t.test("who runs a command loads nothing of what asks, and the other way round", async (t) => {
  const nowhere = ["-n", "jobs", "--endpoints", "127.0.0.1:1"];
  const [run, candidate, asked] = [
    await loadedBy(t, ["true"]),
    await loadedBy(t, [...nowhere, "--wait", "0", "true"]),
    await loadedBy(t, [...nowhere, "--who"]),
  ];
  t.ok(run.has("supervisor") && candidate.has("etcd/election"));
  for (const name of ASKING) {
    t.notOk(run.has(name), name);
    t.notOk(candidate.has(name), name);
    t.ok(asked.has(name), name);
  }
  t.notOk(asked.has("etcd/election"));
});

await t.test("a package that is not needed is not loaded", async (t) => {
  const vendors = async (...args: string[]): Promise<string[]> =>
    [...(await loadedBy(t, args))].filter((name) => name.startsWith("vendor/")).toSorted();
  const [parser, koffi, execa, etcd3] = ["vendor/yargs-parser", "vendor/koffi", "vendor/execa", "vendor/etcd3"];
  const nowhere = ["-n", "jobs", "--endpoints", "127.0.0.1:1"];
  t.same(await vendors("true"), [execa, koffi, parser]);
  t.same(await vendors(...nowhere, "--wait", "0", "true"), [etcd3, execa, koffi, parser]);
  t.same(await vendors(...nowhere, "--who"), [etcd3, parser]);
  t.same(await vendors("--probe", "livez", "--listen", "127.0.0.1:1"), [parser]);
  t.same(await vendors("--help"), [parser, "vendor/yargs"].toSorted());
});
