import t from "tap";
import { enableAuth } from "../helpers/etcd-auth.js";
import { startEtcd, type EtcdCluster } from "../helpers/etcd-server.js";
import { startProxy } from "../helpers/tcp-proxy.js";
import { until } from "../helpers/until.js";
import type { LogEvent } from "../helpers/wrapper.js";
import { namesAfter, newest, renewals, Stage, TERMINATED, tokenOf } from "./stage.js";

// Neither a lease that runs out (10 s) nor a request that is given up (5 s).
const AT_ONCE = { timeoutMs: 4_000 };
// A few for each token that ran out. A client that asks again with the same one gets thousands in a second.
const MOST_REFUSALS = 100;

// One waits for tokens to run out, on an etcd of its own: the others go on meanwhile.
t.jobs = 2;
const etcd = await startEtcd({ t });

const tokens = t.test("tokens that run out again and again are renewed, leading and in standby", async (t) => {
  const TOKEN_TTL = 1;
  const guarded = await startEtcd({ t, authTokenTtl: TOKEN_TTL });
  const stage = new Stage(t, guarded);
  await enableAuth(guarded, { rootPassword: "r00t", user: "jobs", password: "s:cret", prefix: `${stage.election}/` });
  // Whoever waited for as long as a request may take would be seen.
  const args = ["--user", "jobs:s:cret", "--command-timeout", "30s"];
  // Its renewals are further apart than a token lives.
  const a = await stage.leader("a", { args });
  const b = await stage.standby("b", { args });
  const c = await stage.standby("c", { args });
  await until("several lifetimes of a token", await timer(guarded, 4 * TOKEN_TTL));
  t.notOk(a.events.some(({ event }) => event === "lost" || event === "renewal-failed"));
  a.kill("SIGTERM");
  await stage.beating(b, AT_ONCE);
  t.match(await a.exitedWithin(), { code: TERMINATED });
  t.match(await a.event("resigned"), { acknowledged: true });
  await until("several more", await timer(guarded, 2 * TOKEN_TTL));
  const { key } = await stage.keyOf("b");
  await guarded.etcdctl("del", key);
  await stage.beating(c, AT_ONCE);
  await until("b to be back", async () => (await stage.identities()).join() === "c,b");
  t.match(await b.event("lost"), { reason: "key-gone" });
  t.same(stage.violations(), []);
  const refused = await refusals(guarded);
  t.ok(refused > 0 && refused <= MOST_REFUSALS, `etcd refused ${refused} requests in all`);
});

await t.test("a standby takes over although all it had seen of etcd was compacted", async (t) => {
  const stage = new Stage(t, etcd);
  const a = await stage.leader("a");
  const b = await stage.standby("b");
  await compact(etcd);
  a.kill("SIGTERM");
  await stage.beating(b, AT_ONCE);
  t.same(stage.violations(), []);
});

await t.test("a standby that was cut off while etcd was compacted takes over", async (t) => {
  const stage = new Stage(t, etcd);
  const link = await startProxy(etcd.member.clientPort, { t });
  const a = await stage.leader("a");
  const b = await stage.standby("b", { endpoints: link.url });
  link.cut();
  await b.event("renewal-failed");
  a.kill("SIGTERM");
  await a.exitedWithin();
  await compact(etcd);
  link.heal();
  await stage.beating(b, AT_ONCE);
  t.same(stage.violations(), []);
});

await t.test("a leader notices that its key is deleted although etcd was compacted", async (t) => {
  const stage = new Stage(t, etcd);
  const a = await stage.leader("a");
  const { key } = await stage.keyOf("a");
  await compact(etcd);
  await etcd.etcdctl("del", key);
  await compact(etcd);
  t.match(await a.event("lost", AT_ONCE), { reason: "key-gone" });
  await stage.beating(a, { after: await a.event("rejoining"), ...AT_ONCE });
});

await t.test("a standby keeps its place while etcd restarts, and takes over afterwards", async (t) => {
  const stage = new Stage(t, etcd, { ttl: 20 });
  const a = await stage.leader("a");
  const b = await stage.standby("b");
  const key = await stage.keyOf("b");
  await etcd.member.restart();
  t.same(await stage.keyOf("b"), key);
  await a.event("renewed", { after: newest(a, "renewed") });
  a.kill("SIGTERM");
  t.equal(await stage.beating(b, { timeoutMs: 15_000 }), key.createRevision);
  t.same(stage.violations(), []);
});

// The wrapper's own wall clock, as it reads it. Not covered: a jump of the host's, which etcd and the command would see
// too, and whatever reads the time without JavaScript's Date.
await t.test("a wall clock that jumps by hours changes nothing, leading or in standby", async (t) => {
  const stage = new Stage(t, etcd);
  const env = { NODE_OPTIONS: `--import=${new URL("jumping-clock.js", import.meta.url).href}` };
  const a = await stage.leader("a", { env });
  const b = await stage.standby("b", { env });
  await renewals(a, 3);
  const times = a.events.map(({ time }) => Date.parse(time));
  t.ok(Math.max(...times) - Math.min(...times) > 3_600_000, "it did jump");
  t.notOk(namesAfter(a, a.events[0] as LogEvent).some((name) => ["lost", "renewal-failed"].includes(name)));
  t.equal((await stage.nextBeat()).token, tokenOf(await a.event("elected")));
  a.kill("SIGTERM");
  await stage.beating(b);
  t.notOk(b.events.some(({ event }) => event === "renewal-failed"));
  t.same(stage.violations(), []);
});

await tokens;

/** How many requests etcd has refused for their token. */
async function refusals(cluster: EtcdCluster): Promise<number> {
  const metrics = await (await fetch(`${cluster.endpoints}/metrics`)).text();
  const counts = metrics.matchAll(
    /^grpc_server_handled_total\{grpc_code="(?:Unauthenticated|InvalidArgument)".* (\d+)$/gm,
  );
  return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
}

/** Forgets all of etcd's past. */
async function compact(cluster: EtcdCluster): Promise<void> {
  await cluster.etcdctl("put", "something", "else");
  const { stdout } = await cluster.etcdctl("get", "something", "-w=fields");
  await cluster.etcdctl("compact", /^"Revision" : (\d+)$/m.exec(stdout)?.[1] ?? "");
}

/** Has etcd itself measure that many seconds: whether the lease it granted for them has run out. */
async function timer(cluster: EtcdCluster, seconds: number): Promise<() => Promise<boolean>> {
  const { stdout } = await cluster.etcdctl("lease", "grant", String(seconds));
  const id = /lease ([0-9a-f]+) granted/.exec(stdout)?.[1] ?? "";
  return async () => /already expired/.test((await cluster.etcdctl("lease", "timetolive", id)).stdout);
}
