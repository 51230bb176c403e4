import { readdirSync, readFileSync } from "node:fs";
import t from "tap";
import { startEtcd } from "../helpers/etcd-server.js";
import { jsonLine, textLine, undocumented, type Line } from "../helpers/log-table.js";
import { projectPath } from "../helpers/paths.js";
import { signalProcess } from "../helpers/processes.js";
import { runToEnd, type Wrapper } from "../helpers/wrapper.js";
import { guardOf } from "../guard/guard-of.js";
import { newest, renewals, Stage } from "./stage.js";

/** What the last test brings about. */
const LOGGED = [
  ["starting", "no-election", "connected", "unreachable", "standby", "blocked", "elected", "started", "granted"],
  ["renewed", "renewal-failed", "signal", "lost", "stopping", "killing", "exited", "resigned", "guarded", "guard-died"],
  ["orphaned", "rejoining", "failed", "exiting"],
].flat();

await t.test(
  "whatever is logged has its name where it is logged: the table can be held against the code",
  async (t) => {
    const files = readdirSync(projectPath("lib"), { recursive: true, encoding: "utf8" }).filter((name) =>
      name.endsWith(".ts"),
    );
    const calls = files.flatMap((name) => {
      const source = readFileSync(projectPath(`lib/${name}`), "utf8");
      return [...source.matchAll(/\blog\(([^)]*)/g)].map(([, args = ""]) => ({
        name,
        args: args.replace(/\s+/g, " "),
      }));
    });
    t.ok(calls.length > 30);
    // Some hand on what others log.
    const own = calls.filter(({ args }) => args !== "level, event, fields");
    for (const { name, args } of own) t.match(args, /^ ?[^,]+, "[a-z-]+"(,|$)/, `lib/${name}: log(${args}`);
  },
);

await t.test("both formats say the same, line by line, and nothing that the manual does not tell", async (t) => {
  const etcd = await startEtcd({ t });
  const stage = new Stage(t, etcd);
  const runs: Wrapper[] = [];
  const a = await stage.leader("a");
  const b = await stage.standby("b");
  const nowhere = stage.candidate("nowhere", { endpoints: "127.0.0.1:1" });
  await nowhere.event("unreachable");
  runs.push(a, b, nowhere);
  await etcd.etcdctl("put", `${stage.election}/x/y`, "foreign");
  const c = stage.candidate("c");
  await c.event("blocked");
  runs.push(c);
  signalProcess(await guardOf(a.pid), "SIGKILL");
  await a.event("guard-died");
  await renewals(a, 1);
  a.kill("SIGUSR1");
  await etcd.member.kill();
  const failed = await a.event("renewal-failed");
  await etcd.member.restart();
  await a.event("connected", { after: failed });
  await etcd.etcdctl("del", (await stage.keyOf("a")).key);
  await a.event("rejoining", { after: newest(a, "lost") });
  c.kill("SIGTERM");
  await c.exitedWithin();
  await b.event("started");
  b.kill("SIGTERM");
  await b.exitedWithin();
  a.kill("SIGKILL");
  await a.event("orphaned");
  const lines = runs.flatMap(({ stderr }) => stderr.split("\n").flatMap((line) => jsonLine(line) ?? []));
  const endings: Record<string, readonly string[]> = {
    status: ["sh", "-c", "exit 3"],
    signal: ["sh", "-c", "kill -9 $$"],
    missing: ["no-such-command"],
    left: ["sh", "-c", "trap '' TERM; sleep 300 & exit 0"],
  };
  for (const [what, command] of Object.entries(endings)) {
    const [json, text] = await Promise.all(
      [false, true].map((asText) => runToEnd(["-vv", "--kill-after", "1s", "--", ...command], { text: asText })),
    );
    const read = (ended: { stderr: string } | undefined, parse: (line: string) => Line | undefined): Line[] =>
      (ended?.stderr ?? "").split("\n").flatMap((line) => parse(line) ?? []);
    const [fromJson, fromText] = [read(json, jsonLine), read(text, textLine)];
    const facts = fromJson.filter(({ level }) => level !== "error").map(({ event, fields }) => ({ event, fields }));
    t.same(fromText, facts, what);
    lines.push(...fromJson);
  }
  t.same(undocumented(lines), []);
  const seen = new Set(lines.map(({ event }) => event));
  for (const event of LOGGED) t.ok(seen.has(event), `${event} was logged`);
});
