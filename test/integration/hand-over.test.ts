import { readFileSync } from "node:fs";
import t from "tap";
import { startEtcd } from "../helpers/etcd-server.js";
import { fixture } from "../helpers/paths.js";
import { isAlive } from "../helpers/processes.js";
import { KILLED, Stage, TERMINATED, tokenOf } from "./stage.js";

// Generous for a busy machine, and well under the 10 s after which the lease alone would let the next one lead.
const LIMIT = { timeoutMs: 5_000 };

// Each test has an election of its own and mostly waits: several at once.
t.jobs = 3;
const etcd = await startEtcd({ t });

void t.test("leadership goes down the queue, and who comes back queues at its end", async (t) => {
  const stage = new Stage(t, etcd);
  const a = await stage.leader("a");
  const b = await stage.standby("b");
  const c = await stage.standby("c");
  t.same(await stage.identities(), ["a", "b", "c"]);

  a.kill("SIGTERM");
  await stage.beating(b, LIMIT);
  t.match(await a.exitedWithin(), { code: TERMINATED });
  const again = await stage.standby("a again");
  t.same(await stage.identities(), ["b", "c", "a again"]);

  b.kill("SIGTERM");
  await stage.beating(c, LIMIT);
  t.notOk(again.events.some(({ event }) => event === "elected"));
  c.kill("SIGINT");
  await stage.beating(again, LIMIT);
  t.match(await Promise.all([b.exitedWithin(), c.exitedWithin()]), [{ code: TERMINATED }, { code: 130 }]);
  t.same(stage.violations(), [], "one workload at a time");
  t.equal(new Set(stage.beats().map(({ token }) => token)).size, 4, "and all of them ran");
});

void t.test("neither key nor lease is left of a candidate that was stopped, leading or in standby", async (t) => {
  const stage = new Stage(t, etcd);
  const a = await stage.leader("a");
  const b = await stage.standby("b");
  for (const [identity, candidate] of Object.entries({ b, a })) {
    const key = await stage.keyOf(identity);
    t.ok((await stage.leases()).includes(key.lease));
    candidate.kill("SIGTERM");
    await candidate.exitedWithin(LIMIT.timeoutMs);
    t.notOk((await stage.keys()).some((left) => left.key === key.key));
    t.notOk((await stage.leases()).includes(key.lease));
  }
});

void t.test("a command that ends by itself ends the term with its status, and the next one leads", async (t) => {
  const stage = new Stage(t, etcd);
  const first = await stage.leader("first");
  const a = await stage.standby("a", { command: [fixture("exit-with.sh"), "42"] });
  const b = await stage.standby("b");
  first.kill("SIGTERM");
  await stage.beating(b, LIMIT);
  t.match(await a.exitedWithin(), { code: 42 });
  t.match(await a.event("exited"), { status: 42 });
});

void t.test("a workload that is killed from outside ends the term with 137, and the next one leads", async (t) => {
  const stage = new Stage(t, etcd);
  const a = await stage.leader("a");
  const b = await stage.standby("b");
  process.kill(Number((await a.event("started")).pid), "SIGKILL");
  await stage.beating(b, LIMIT);
  t.match(await a.exitedWithin(), { code: KILLED });
  t.match(await a.event("exited"), { signal: "SIGKILL" });
  t.same(stage.violations(), []);
});

void t.test(
  "a workload that ignores the stop signal is killed after --kill-after, and only then the next one leads",
  async (t) => {
    const stage = new Stage(t, etcd);
    const a = await stage.leader("a", { command: stage.workload("--ignore-term"), args: ["--kill-after", "1s"] });
    const b = await stage.standby("b");
    a.kill("SIGTERM");
    t.match(await a.event("stopping"), { cause: "SIGTERM" });
    t.notOk(a.events.some(({ event }) => event === "killing"));
    t.same(await stage.identities(), ["a", "b"], "while it lives the key stands");
    await stage.beating(b, LIMIT);
    await a.event("killing");
    t.match(await a.exitedWithin(), { code: KILLED });
    t.same(stage.violations(), []);
  },
);

void t.test("what a command leaves behind is gone before the key is", async (t) => {
  const stage = new Stage(t, etcd);
  const a = await stage.leader("a", { command: [fixture("leaves-daemon.sh")], args: ["--kill-after", "1s"] });
  const left = [...a.stdout.matchAll(/^(?:daemon|job) (\d+)$/gm)].map(([, pid]) => Number(pid));
  t.equal(left.length, 2);
  const changes = stage.changes();
  a.kill("SIGTERM");
  await a.event("exited");
  t.same(await stage.identities(), ["a"], "the command has ended, the key stands");
  t.same(left.filter(isAlive), left, "for these are still there");
  await changes.stdoutLine("DELETE", LIMIT.timeoutMs);
  t.same(left.filter(isAlive), []);
  t.match(await a.exitedWithin(), { code: 0 });
});

void t.test("a daemon that a command leaves behind does nothing any more once another leads", async (t) => {
  const stage = new Stage(t, etcd);
  const daemon = `setsid "$@" >/dev/null & until [ -s "$2" ]; do sleep 0.02; done; echo ready; wait`;
  const command = ["sh", "-c", daemon, "sh", ...stage.workload("--ignore-term")];
  const a = await stage.leader("a", { command, args: ["--kill-after", "1s"] });
  const b = await stage.standby("b");
  a.kill("SIGTERM");
  await a.event("exited");
  t.equal((await stage.nextBeat()).token, tokenOf(await a.event("elected")), "the daemon acts after the command's end");
  await stage.beating(b, LIMIT);
  t.match(await a.exitedWithin(), { code: TERMINATED });
  t.same(stage.violations(), []);
});

void t.test("the fencing token is the key's create revision, and grows with every term", async (t) => {
  const stage = new Stage(t, etcd);
  const tokens: bigint[] = [];
  for (const identity of ["a", "b", "c"]) {
    const leader = await stage.leader(identity);
    const { token } = await stage.nextBeat();
    t.equal(token, tokenOf(await leader.event("elected")));
    t.equal(token, (await stage.keyOf(identity)).createRevision);
    tokens.push(token);
    leader.kill("SIGTERM");
    await leader.exitedWithin();
  }
  t.same(
    tokens,
    [...new Set(tokens)].toSorted((one, other) => Number(one - other)),
  );
});

void t.test("the command finds its term in its environment, and no option of ours", async (t) => {
  const stage = new Stage(t, etcd);
  const out = `${stage.folder}/env`;
  const command = ["sh", "-c", `"$0" >"$1"; echo ready; while :; do sleep 0.1; done`, fixture("print-env.js"), out];
  const env = { WHILE_LEADER_KILL_AFTER: "1s", WHILE_LEADER_SERVICE_HOST: "10.0.0.1", ETCDCTL_DIAL_TIMEOUT: "3s" };
  await stage.leader("some body", { command, env });
  const { key, lease, createRevision } = await stage.keyOf("some body");
  const seen = JSON.parse(readFileSync(out, "utf8")).env as Record<string, string>;
  t.match(seen, {
    WHILE_LEADER_REVISION: String(createRevision),
    WHILE_LEADER_KEY: key,
    WHILE_LEADER_LEASE: lease,
    WHILE_LEADER_OF: stage.election,
    WHILE_LEADER_AS: "some body",
    ETCD_LOCK_KEY: key,
    WHILE_LEADER_SERVICE_HOST: "10.0.0.1",
    ETCDCTL_DIAL_TIMEOUT: "3s",
  });
  t.ok(BigInt(seen.ETCD_LOCK_REV ?? 0) >= createRevision, "etcd's revision when the term began");
  t.notOk("WHILE_LEADER_KILL_AFTER" in seen);
});

void t.test("the key is NAME/<lease in hex>, hangs on that lease, and holds the identity", async (t) => {
  const stage = new Stage(t, etcd);
  const leader = await stage.leader("some body");
  const [key, ...others] = await stage.keys();
  t.same(others, []);
  t.equal(key?.key, `${stage.election}/${key?.lease}`);
  t.match(key?.lease, /^[1-9a-f][0-9a-f]*$/);
  t.equal(key?.value, "some body");
  t.match(await leader.event("elected"), { election: stage.election, identity: "some body", key: key?.key });
  const { stdout } = await etcd.etcdctl("lease", "timetolive", "--keys", key?.lease ?? "");
  t.match(stdout, `granted with TTL(${stage.ttl}s)`);
  t.match(stdout, `attached keys([${key?.key}])`);
});
