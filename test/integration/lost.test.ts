import t from "tap";
import { startEtcd } from "../helpers/etcd-server.js";
import { fixture } from "../helpers/paths.js";
import { until } from "../helpers/until.js";
import type { LogEvent, Wrapper } from "../helpers/wrapper.js";
import {
  KILLED,
  monotonic,
  namesAfter,
  newestValidity,
  renewals,
  Stage,
  tokenOf,
  WIDE_MARGIN,
  type QueuedKey,
} from "./stage.js";

// A lease of 10 s is given up after 5.9 s at the earliest: what happens within this is not its time that runs out.
const AT_ONCE = { timeoutMs: 4_000 };
const LOST_STATUS = 75;

// Each test has an election of its own, or an etcd if that must fail, and mostly waits: several at once.
t.jobs = 3;
const etcd = await startEtcd({ t });

const TAKINGS: Record<string, (key: QueuedKey) => string[]> = {
  "our key is deleted": ({ key }) => ["del", key],
  "our lease is revoked": ({ lease }) => ["lease", "revoke", lease],
};

for (const [what, taking] of Object.entries(TAKINGS)) {
  void t.test(`when ${what} while we lead, everything is killed at once and we rejoin with a new lease`, async (t) => {
    const stage = new Stage(t, etcd);
    const a = await stage.leader("a", { command: [fixture("signals.js")] });
    const started = await a.event("started");
    const key = await stage.keyOf("a");
    t.equal((await etcd.etcdctl(...taking(key))).code, 0);
    const lost = await a.event("lost", AT_ONCE);
    t.match(lost.reason, /^(key|lease)-gone$/);
    t.match(await a.event("exited", AT_ONCE), { signal: "SIGKILL" });
    t.equal(a.stdout, "ready\n", "no SIGTERM before");
    await a.event("started", { after: started });
    const after = await stage.keyOf("a");
    t.not(after.lease, key.lease);
    t.ok(after.createRevision > key.createRevision);
    t.same(order(a, lost, ["killing", "exited", "resigned", "rejoining", "elected", "started"]), [], "in this order");
    t.notOk((await stage.leases()).includes(key.lease));
  });

  void t.test(`when ${what} in standby, we queue again at the end`, async (t) => {
    const stage = new Stage(t, etcd);
    const a = await stage.leader("a");
    const b = await stage.standby("b");
    const c = await stage.standby("c");
    const key = await stage.keyOf("b");
    t.equal((await etcd.etcdctl(...taking(key))).code, 0);
    await until("b to be back", async () => (await stage.identities()).join() === "a,c,b");
    t.not((await stage.keyOf("b")).lease, key.lease);
    t.match(await b.event("rejoining"), { level: "warn", key: key.key, reason: /^(key|lease)-gone$/ });
    a.kill("SIGTERM");
    await stage.beating(c, AT_ONCE);
    c.kill("SIGTERM");
    await stage.beating(b, AT_ONCE);
    t.same(stage.violations(), []);
  });
}

void t.test("a lost term ends in status 75 with --on-lost exit", async (t) => {
  const stage = new Stage(t, etcd);
  const a = await stage.leader("a", { args: ["--on-lost", "exit"] });
  const { key } = await stage.keyOf("a");
  await etcd.etcdctl("del", key);
  t.match(await a.exitedWithin(AT_ONCE.timeoutMs), { code: LOST_STATUS });
  t.same(await stage.keys(), []);
});

void t.test("an etcd that freezes for less than the patience is not noticed", async (t) => {
  const failing = await startEtcd({ t });
  const stage = new Stage(t, failing, { ttl: 5 });
  const a = await stage.leader("a", { command: [fixture("signals.js")] });
  const last = newestValidity(a);
  await failing.member.freeze();
  const failed = await a.event("renewal-failed", { after: last });
  await failing.member.thaw();
  await a.event("connected", { after: failed });
  await renewals(a, 2);
  t.notOk(namesAfter(a, last).some((name) => ["lost", "stopping", "signal", "exited"].includes(name)));
  t.equal(a.stdout, "ready\n");
});

void t.test("when etcd freezes for long, SIGTERM, then SIGKILL, both before the lease can run out", async (t) => {
  const failing = await startEtcd({ t });
  const stage = new Stage(t, failing, { ttl: 3 });
  const a = await stage.leader("a", { command: stage.workload("--ignore-term"), args: WIDE_MARGIN });
  const token = tokenOf(await a.event("elected"));
  await failing.member.freeze();
  const exited = await a.event("exited");
  t.match(exited, { signal: "SIGKILL" });
  const renewed = newestValidity(a);
  t.same(order(a, renewed, ["lost", "stopping", "signal", "killing", "exited"]), []);
  t.match(await a.event("lost"), { reason: "expired" });
  t.match(await a.event("signal"), { signal: "SIGTERM", to: "command" });
  const lastBeat = stage.beats().at(-1)?.at ?? Infinity;
  t.ok(lastBeat < monotonic(renewed) + Number(renewed.left), "no beat past the validity");
  await failing.member.thaw();
  t.ok((await stage.beating(a, { after: exited })) > token, "and back when etcd is");
  t.same(stage.violations(), []);
});

void t.test("a workload that ends on the SIGTERM of a lost term is not killed, and we rejoin", async (t) => {
  const failing = await startEtcd({ t });
  const stage = new Stage(t, failing, { ttl: 3 });
  const a = await stage.leader("a", { command: [fixture("signals.js"), "--exit-on", "SIGTERM=5"] });
  const started = await a.event("started");
  await failing.member.freeze();
  t.match(await a.event("exited"), { status: 5 });
  t.same(order(a, await a.event("lost"), ["stopping", "signal", "exited"]), []);
  await failing.member.thaw();
  await a.event("started", { after: started });
  t.notOk(a.events.some(({ event }) => event === "killing"));
});

void t.test("a term once lost stays lost, also when etcd is back before the workload has ended", async (t) => {
  const failing = await startEtcd({ t });
  const stage = new Stage(t, failing, { ttl: 3 });
  const a = await stage.leader("a", { command: stage.workload("--ignore-term") });
  const token = tokenOf(await a.event("elected"));
  await failing.member.freeze();
  const lost = await a.event("lost");
  await failing.member.thaw();
  t.match(await a.event("exited"), { signal: "SIGKILL" });
  t.ok((await stage.beating(a, { after: lost })) > token);
});

void t.test("an etcd that is killed and comes back within the patience is not noticed", async (t) => {
  const failing = await startEtcd({ t });
  const stage = new Stage(t, failing, { ttl: 20 });
  const a = await stage.leader("a");
  const last = newestValidity(a);
  await failing.member.restart();
  await renewals(a, 2);
  t.notOk(namesAfter(a, last).some((name) => ["lost", "stopping", "signal", "exited"].includes(name)));
  t.equal((await stage.nextBeat()).token, tokenOf(await a.event("elected")));
});

void t.test(
  "an etcd that is away for long ends the term, and the next one begins at once when it is back",
  async (t) => {
    const failing = await startEtcd({ t });
    const stage = new Stage(t, failing, { ttl: 3 });
    const a = await stage.leader("a");
    const { key } = await stage.keyOf("a");
    await failing.member.kill();
    const exited = await a.event("exited");
    t.match(await a.event("lost"), { reason: "expired" });
    t.match(await a.event("resigned"), { key, acknowledged: false });
    await a.event("rejoining", { after: exited });
    // An etcd that starts gives all leases their whole time once more: the key that we could not delete stands again.
    await failing.member.restart();
    await stage.beating(a, { after: exited });
    t.notOk(
      a.events.some(({ event }) => event === "standby"),
      "nobody waits behind its own old key",
    );
    t.same(await stage.identities(), ["a"]);
    t.same(stage.violations(), []);
  },
);

void t.test("a stop signal to a workload that is being stopped for a lost term ends us as well", async (t) => {
  const failing = await startEtcd({ t });
  const stage = new Stage(t, failing, { ttl: 3 });
  const a = await stage.leader("a", { command: stage.workload("--ignore-term") });
  await failing.member.freeze();
  await a.event("lost");
  a.kill("SIGTERM");
  await a.event("exited");
  await failing.member.thaw();
  t.match(await a.exitedWithin(), { code: KILLED });
});

/** Which of these events, in this order, are missing after `from`. */
function order(candidate: Wrapper, from: LogEvent, names: readonly string[]): string[] {
  const left = [...names];
  for (const name of namesAfter(candidate, from)) if (name === left[0]) left.shift();
  return left;
}
