import t, { type Test } from "tap";
import { startEtcd } from "../helpers/etcd-server.js";
import { startProxy, type TcpProxy } from "../helpers/tcp-proxy.js";
import { until } from "../helpers/until.js";
import type { LogEvent, Wrapper } from "../helpers/wrapper.js";
import { monotonic, namesAfter, newestValidity, renewals, Stage, tokenOf, WIDE_MARGIN } from "./stage.js";

// Neither a lease that runs out (10 s) nor a request that is given up (5 s).
const AT_ONCE = { timeoutMs: 4_000 };

// Each test has an election and a network of its own and mostly waits: several at once.
t.jobs = 3;
const etcd = await startEtcd({ t });

void t.test("connections that are reset are made anew, and the command notices nothing", async (t) => {
  const stage = new Stage(t, etcd);
  const link = await networkOf(t);
  const a = await stage.leader("a", { endpoints: link.url });
  const last = newestValidity(a);
  link.cut();
  const failed = await a.event("renewal-failed", { after: last });
  link.heal();
  await a.event("renewed", { after: failed });
  t.notOk(disturbed(a, last));
  t.equal((await stage.nextBeat()).token, tokenOf(await a.event("elected")));
});

for (const direction of ["up", "down"] as const) {
  void t.test(
    `a network that swallows all that goes ${direction} ends the term before the lease can run out`,
    async (t) => {
      const stage = new Stage(t, etcd, { ttl: 3 });
      const link = await networkOf(t);
      const command = stage.workload("--ignore-term");
      const a = await stage.leader("a", { endpoints: link.url, command, args: WIDE_MARGIN });
      link.swallow(direction);
      const exited = await a.event("exited");
      t.match(await a.event("lost"), { reason: "expired" });
      const renewed = newestValidity(a);
      t.ok((stage.beats().at(-1)?.at ?? Infinity) < monotonic(renewed) + Number(renewed.left));
      link.heal();
      await stage.beating(a, { after: exited });
      t.same(stage.violations(), []);
    },
  );
}

void t.test("a slow network is all right within the patience, and ends the term beyond it", async (t) => {
  const stage = new Stage(t, etcd, { ttl: 5 });
  const link = await networkOf(t);
  const a = await stage.leader("a", { endpoints: link.url });
  const last = newestValidity(a);
  // A renewal may take 500 ms: two questions and two answers.
  link.delay(50);
  await renewals(a, 2);
  t.notOk(disturbed(a, last));
  link.delay(400);
  const exited = await a.event("exited");
  t.match(await a.event("lost"), { reason: "expired" });
  link.heal();
  await stage.beating(a, { after: exited });
  t.same(stage.violations(), []);
});

void t.test(
  "a standby that is cut off for a moment keeps its place, and misses nothing that happened meanwhile",
  async (t) => {
    const stage = new Stage(t, etcd);
    const link = await networkOf(t);
    const a = await stage.leader("a");
    const b = await stage.standby("b", { endpoints: link.url });
    await stage.standby("c");
    const key = await stage.keyOf("b");
    link.cut();
    await b.event("renewal-failed");
    a.kill("SIGTERM");
    await a.exitedWithin();
    link.heal();
    t.equal(await stage.beating(b, AT_ONCE), key.createRevision);
    t.same(await stage.identities(), ["b", "c"]);
  },
);

void t.test("a standby that was cut off for longer than its lease queues again at the end", async (t) => {
  const stage = new Stage(t, etcd, { ttl: 3 });
  const link = await networkOf(t);
  const a = await stage.leader("a");
  const b = await stage.standby("b", { endpoints: link.url });
  const c = await stage.standby("c");
  const key = await stage.keyOf("b");
  link.swallow();
  await until("b's lease to run out", async () => (await stage.identities()).join() === "a,c");
  link.heal();
  await until("b to be back", async () => (await stage.identities()).join() === "a,c,b");
  t.match(await b.event("rejoining"), { level: "warn", key: key.key, reason: /^(key|lease)-gone$/ });
  a.kill("SIGTERM");
  await stage.beating(c);
  c.kill("SIGTERM");
  await stage.beating(b);
  t.same(stage.violations(), []);
});

const PARTITIONS: Record<string, (link: TcpProxy) => void> = {
  "swallows everything": (link) => link.swallow(),
  "keeps everything until later": (link) => link.hold(),
  "resets every connection": (link) => link.cut(),
};

for (const [what, begin] of Object.entries(PARTITIONS)) {
  void t.test(`another takes over from a leader whose network ${what}, and only when that has stopped`, async (t) => {
    const stage = new Stage(t, etcd, { ttl: 3 });
    const link = await networkOf(t);
    const command = stage.workload("--ignore-term");
    const a = await stage.leader("a", { endpoints: link.url, command, args: WIDE_MARGIN });
    const b = await stage.standby("b", { command, args: WIDE_MARGIN });
    begin(link);
    await stage.beating(b);
    t.match(await a.event("exited"), { signal: "SIGKILL" });
    link.heal();
    t.match(await a.event("standby", { after: await a.event("lost") }), { leader: "b" });
    await stage.nextBeat();
    t.same(stage.violations(), []);
    t.same(await stage.identities(), ["b", "a"]);
  });
}

/** The network of one candidate, which the others do not share. */
function networkOf(t: Test): Promise<TcpProxy> {
  return startProxy(etcd.member.clientPort, { t });
}

function disturbed(candidate: Wrapper, since: LogEvent): boolean {
  return namesAfter(candidate, since).some((name) => ["lost", "stopping", "signal", "exited"].includes(name));
}
