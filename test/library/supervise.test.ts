import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import type { Fields } from "while-leader";
import { startEtcd } from "../helpers/etcd-server.js";
import { until } from "../helpers/until.js";

// As a program that has installed it does: by its name, through the package's exports.
const { ExitStatus, superviseWhileLeading } = await import("while-leader");

const cluster = await startEtcd({ t });
const election = { name: "jobs", identity: "library", endpoints: cluster.endpoints };

/** A log that keeps the names of what was logged. */
function keeping(): { events: string[]; log: (level: string, event: string, fields?: Fields) => void } {
  const events: string[] = [];
  return { events, log: (_level, event) => void events.push(event) };
}

await t.test("a command is run, and its status is the result", async (t) => {
  t.equal(await superviseWhileLeading({ command: ["sh", "-c", "exit 3"] }), 3);
  t.equal(await superviseWhileLeading({ command: ["sh", "-c", "kill -9 $$"] }), 137);
  t.equal(
    await superviseWhileLeading({ command: ["sh", "-c", "exit $A"], env: { A: "5", PATH: process.env["PATH"] } }),
    5,
  );
  t.equal(await superviseWhileLeading({ command: ["no-such-command"] }), ExitStatus.notFound);
});

await t.test("an AbortSignal stops the command as SIGTERM stops the program", async (t) => {
  const stop = new AbortController();
  const { events, log } = keeping();
  const program = `
    process.on("SIGTERM", () => process.exit(7));
    process.kill(process.ppid, "SIGUSR2");
    setInterval(() => {}, 1_000);
  `;
  const command = [process.execPath, "-e", program] as const;
  const ready = new Promise((resolve) => process.once("SIGUSR2", resolve));
  const running = superviseWhileLeading({ command, signal: stop.signal, log });
  await ready;
  stop.abort();
  t.equal(await running, 7);
  t.same(events, ["started", "stopping", "signal", "exited"]);
  t.equal(await superviseWhileLeading({ command: ["true"], signal: AbortSignal.abort() }), 143, "nothing is started");
  t.equal(
    await superviseWhileLeading({ command: ["sleep", "300"], stopWith: "SIGINT", signal: AbortSignal.timeout(100) }),
    130,
  );
});

await t.test("with an election: in the queue, leading, resigned", async (t) => {
  const first = keeping();
  const stop = new AbortController();
  const running = superviseWhileLeading({ command: ["sleep", "300"], election, signal: stop.signal, log: first.log });
  await until("the start", () => first.events.includes("started"));
  t.match((await cluster.etcdctl("get", "--prefix", "--print-value-only", "jobs/")).stdout, /^library\n$/);
  const tried = superviseWhileLeading({ command: ["true"], election: { ...election, once: true } });
  t.equal(await tried, ExitStatus.notLeader);
  stop.abort();
  t.equal(await running, 143);
  t.ok(first.events.includes("resigned"));
  t.equal((await cluster.etcdctl("get", "--prefix", "jobs/")).stdout, "");
});

await t.test("a command that fails is started again, until that is a crash loop", async (t) => {
  const { events, log } = keeping();
  const settings = { command: ["sh", "-c", "exit 3"], log, maxRestarts: 1 } as const;
  t.equal(await superviseWhileLeading({ ...settings, restart: "on-failure" }), 3);
  t.same(events, ["started", "exited", "restarting", "started", "exited", "failed"]);
  t.equal(await superviseWhileLeading(settings), 3);
  t.equal(events.filter((event) => event === "started").length, 3, "and by default not at all");
});

await t.test("hooks run before the command and after it", async (t) => {
  const said = join(t.testdir(), "said");
  const says = (word: string): string => `echo ${word} $WHILE_LEADER_REASON >> ${said}`;
  const hooks = { onElected: says("before"), onResigned: says("after") };
  const own = { ...election, name: "hooks" };
  t.equal(await superviseWhileLeading({ command: ["sh", "-c", says("command")], election: own, hooks }), 0);
  t.equal(readFileSync(said, "utf8"), "before elected\ncommand\nafter ended\n");
});

await t.test("a hook that takes too long has failed, and the command is not started", async (t) => {
  const { events, log } = keeping();
  const stop = new AbortController();
  const own = { ...election, name: "slow-hook" };
  const running = superviseWhileLeading({
    command: ["true"],
    election: own,
    hooks: { onElected: "sleep 300", timeout: 100 },
    signal: stop.signal,
    log,
  });
  await until("the failure", () => events.includes("hook-failed"));
  stop.abort();
  t.equal(await running, 143);
  t.notOk(events.includes("started"));
});

await t.test("an unhealthy command is stopped, and leadership given back", async (t) => {
  const { events, log } = keeping();
  const stop = new AbortController();
  const looked = join(t.testdir(), "looked");
  const running = superviseWhileLeading({
    command: ["sleep", "300"],
    election: { ...election, name: "health" },
    health: { command: `echo >> ${looked}; exit 1`, interval: 20, timeout: 10_000, retries: 2, startPeriod: 0 },
    signal: stop.signal,
    log,
  });
  await until("the next campaign", () => events.includes("rejoining"));
  stop.abort();
  t.equal(await running, 143);
  t.ok(existsSync(looked) && events.filter((event) => event === "unhealthy").length >= 2);
  t.ok(events.indexOf("resigned") < events.indexOf("rejoining"));
});

await t.test("the whole process group is sent the signal if that is asked for", async (t) => {
  const stop = new AbortController();
  const ready = join(t.testdir(), "ready");
  // A shell that waits for what it runs takes no notice of SIGTERM before that has ended.
  const command = ["sh", "-c", `trap 'exit 5' TERM; sh -c 'echo > ${ready}; exec sleep 300'`] as const;
  const running = superviseWhileLeading({ command, group: true, signal: stop.signal });
  await until("the command", () => existsSync(ready));
  stop.abort();
  t.equal(await running, 5);
});

await t.test("settings that cannot be kept are a Failure with code usage", async (t) => {
  const bad: readonly (readonly [name: string, settings: object])[] = [
    ["command", { command: [] }],
    ["command", { command: [""] }],
    ["ttl", { election: { name: "jobs", ttl: 1 } }],
    ["killAfter", { killAfter: NaN }],
    ["wait", { wait: -1 }],
    ["stopWith", { stopWith: "QUIT" }],
    ["onLost", { onLost: "leave" }],
    ["restart", { restart: "sometimes" }],
    ["maxRestarts", { restart: "always", maxRestarts: 1.5 }],
    ["health.command", { health: { command: "" } }],
    ["health.interval", { health: { command: "true", interval: 0 } }],
    ["health.timeout", { health: { command: "true", timeout: 0 } }],
    ["health.retries", { health: { command: "true", retries: 0 } }],
    ["health.startPeriod", { health: { command: "true", startPeriod: "5s" } }],
    ["hooks", { hooks: { onElected: "true" } }],
    ["hooks.onElected", { election, hooks: { onElected: "" } }],
    ["hooks.onResigned", { election, hooks: { onResigned: 3 } }],
    ["hooks.timeout", { election, hooks: { onElected: "true", timeout: 0 } }],
  ];
  for (const [name, settings] of bad) {
    const usage = { code: "usage", status: ExitStatus.usage, message: new RegExp(`^${name}\\b`) };
    const running = superviseWhileLeading({ command: ["true"], ...settings });
    await t.rejects(running, usage, JSON.stringify(settings));
  }
});
