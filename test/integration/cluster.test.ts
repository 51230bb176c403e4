import t, { type Test } from "tap";
import type { Member } from "../helpers/etcd-member.js";
import { startEtcd } from "../helpers/etcd-server.js";
import { freePorts } from "../helpers/free-ports.js";
import { startProxy } from "../helpers/tcp-proxy.js";
import { until } from "../helpers/until.js";
import type { LogEvent, Wrapper } from "../helpers/wrapper.js";
import { memberId, PeerNet } from "./peer-net.js";
import { namesAfter, newest, newestValidity, renewals, Stage, tokenOf } from "./stage.js";

// A failover takes etcd half a second to one; 5.9 s after the last renewal the term would end.
const ELECTION_TIMEOUT = 500;
const TTL = 10;

const etcd = await startEtcd({ t, members: 3, electionTimeoutMs: ELECTION_TIMEOUT });
const net = await PeerNet.under(t, etcd);

const TROUBLES: Record<string, { begin: (member: Member) => unknown; end: (member: Member) => unknown }> = {
  frozen: { begin: (member) => member.freeze(), end: (member) => member.thaw() },
  killed: { begin: (member) => member.kill(), end: (member) => member.restart() },
  "cut off from the others": { begin: (member) => net.isolate(member), end: () => net.heal() },
};

for (const [what, { begin, end }] of Object.entries(TROUBLES)) {
  const name = `when etcd's leader is ${what}, a term outlives it and a standby takes over, though both were connected to it`;
  await t.test(name, async (t) => {
    const stage = await settled(t);
    const queue = new Stage(t, etcd, { ttl: TTL });
    const [other, member, third] = etcd.members as [Member, Member, Member];
    // Who tries this endpoint first goes on to the other one, and stays there.
    const spare = await startProxy(third.clientPort, { t });
    spare.cut();
    const endpoints = `${member.clientUrl},${spare.url}`;
    const [a, b] = await Promise.all([
      stage.leader("a", { endpoints }),
      queue.leader("b", { endpoints: other.clientUrl }),
    ]);
    const c = await queue.standby("c", { endpoints });
    spare.heal();
    for (const one of [a, c]) t.match(newest(one, "connected"), { endpoint: member.clientUrl });
    await lead(member);
    const last = newestValidity(a);
    await begin(member);
    t.teardown(() => end(member));
    await leaderOtherThan(member);
    b.kill("SIGTERM");
    await queue.beating(c);
    await renewals(a, 2);
    await isUndisturbed(t, stage, a, last);
    t.same(queue.violations(), []);
  });
}

await t.test("a term outlives a change of etcd's leader", async (t) => {
  const stage = await settled(t);
  const a = await stage.leader("a");
  const last = newestValidity(a);
  for (const member of etcd.members) await lead(member);
  await renewals(a, 2);
  await isUndisturbed(t, stage, a, last);
});

await t.test(
  "endpoints of which one is dead and one silent cost a start, and a failover, one attempt each",
  async (t) => {
    const stage = await settled(t);
    const [dead] = await freePorts(1);
    const silent = await startProxy(etcd.member.clientPort, { t });
    silent.swallow();
    const good = await Promise.all(etcd.members.slice(0, 2).map(({ clientPort }) => startProxy(clientPort, { t })));
    const endpoints = [good[0]?.url, `127.0.0.1:${dead}`, silent.url, good[1]?.url].join(",");
    const a = await stage.leader("a", { endpoints });
    const { endpoint } = newest(a, "connected") as LogEvent;
    const last = newestValidity(a);
    good.find(({ url }) => url === endpoint)?.swallow();
    await a.event("renewed", { after: await a.event("renewal-failed", { after: last }) });
    await isUndisturbed(t, stage, a, last);
    t.not(newest(a, "connected")?.endpoint, endpoint);
    t.ok(a.events.filter(({ event }) => event === "renewal-failed").length <= 3, "no endpoint was tried twice");
  },
);

/** Has this member lead the cluster. */
async function lead(member: Member): Promise<void> {
  const id = await memberId(etcd, member);
  await until(`${member.name} to lead`, async () => {
    if (await member.isLeader()) return true;
    await etcd.etcdctl("move-leader", id);
    return false;
  });
}

/** Waits until the cluster is led, and not by this member. */
async function leaderOtherThan(member: Member): Promise<void> {
  await until("another leader", async () => (await etcd.leader()) !== member);
}

/** A stage on the cluster, once all three members are of one mind again. */
async function settled(t: Test): Promise<Stage> {
  await until("the cluster", async () => {
    const all = await Promise.all(etcd.members.map((member) => member.status()));
    const terms = new Set(all.map((status) => status?.raftTerm));
    return terms.size === 1 && all.filter((status) => status?.leads).length === 1;
  });
  return new Stage(t, etcd, { ttl: TTL });
}

async function isUndisturbed(t: Test, stage: Stage, candidate: Wrapper, since: LogEvent): Promise<void> {
  t.notOk(namesAfter(candidate, since).some((name) => ["lost", "stopping", "signal", "exited"].includes(name)));
  t.equal((await stage.nextBeat()).token, tokenOf(await candidate.event("elected")));
}
