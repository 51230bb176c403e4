import t, { type Test } from "tap";
import { startEtcd, type EtcdCluster } from "../helpers/etcd-server.js";
import { startProxy, type TcpProxy } from "../helpers/tcp-proxy.js";
import { until } from "../helpers/until.js";
import { startWrapper, type Wrapper } from "../helpers/wrapper.js";
import { standing, told, toldBy, watchFields } from "./asking.js";

await t.test("--watch outlives etcd's restart, and goes on to tell", async (t) => {
  const etcd = await startEtcd({ t });
  const watcher = watchFields(t, etcd, "jobs");
  await etcd.etcdctl("put", "jobs/1", "a");
  await told(watcher, ({ leader }) => leader?.identity === "a");
  for (const name of ["b", "c"]) {
    await etcd.member.restart();
    await etcd.etcdctl("put", "jobs/1", name);
    await told(watcher, ({ leader }) => leader?.identity === name);
  }
  await etcd.member.kill();
  const gone = await watcher.event("unreachable", { where: ({ error }) => /refused/.test(String(error)) });
  await etcd.member.restart();
  await watcher.event("connected", { after: gone });
  await etcd.etcdctl("del", "jobs/1");
  await told(watcher, (line) => line.leader === null && toldBy(watcher).length > 3);
  t.same(toldBy(watcher).slice(-4).map(standing), ["a", "b", "c", "nobody"]);
});

await t.test("what changed while it was cut off comes afterwards, also if all is as before", async (t) => {
  const etcd = await startEtcd({ t });
  const { watcher, proxy } = await watchThrough(t, etcd);
  await cutOff(watcher, proxy);
  for (const name of ["b", "c", "a"]) await etcd.etcdctl("put", "jobs/1", name);
  proxy.heal();
  await watcher.stdoutLine(() => toldBy(watcher).length === 4);
  await etcd.etcdctl("del", "jobs/1");
  await told(watcher, ({ leader }) => leader === null);
  t.same(toldBy(watcher).map(standing), ["a", "b", "c", "a", "nobody"]);
});

await t.test("what was compacted away meanwhile is left out, and the next change is told", async (t) => {
  const etcd = await startEtcd({ t });
  const { watcher, proxy } = await watchThrough(t, etcd);
  await cutOff(watcher, proxy);
  for (const name of ["b", "c", "d"]) await etcd.etcdctl("put", "jobs/1", name);
  await compact(etcd);
  proxy.heal();
  await told(watcher, ({ leader }) => leader?.identity === "d");
  await etcd.etcdctl("put", "jobs/1", "e");
  await compact(etcd);
  await told(watcher, ({ leader }) => leader?.identity === "e");
  t.same(toldBy(watcher).map(standing), ["a", "d", "e"]);
});

await t.test("changes that are compacted away before they are read: what there is then", async (t) => {
  const etcd = await startEtcd({ t });
  const { watcher } = await watchThrough(t, etcd);
  await watched(etcd);
  watcher.kill("SIGSTOP");
  for (const name of ["b", "c", "d"]) await etcd.etcdctl("put", "jobs/1", name);
  await compact(etcd);
  watcher.kill("SIGCONT");
  await told(watcher, ({ leader }) => leader?.identity === "d");
  await etcd.etcdctl("put", "jobs/1", "e");
  await told(watcher, ({ leader }) => leader?.identity === "e");
  t.same(toldBy(watcher).map(standing), ["a", "d", "e"]);
});

await t.test("an etcd that has lost everything is believed", async (t) => {
  const [old, empty] = [await startEtcd({ t }), await startEtcd({ t })];
  for (let revision = 0; revision < 20; revision++) await old.etcdctl("put", "jobs/1", "a");
  const [before, after] = [
    await startProxy(old.member.clientPort, { t }),
    await startProxy(empty.member.clientPort, { t }),
  ];
  after.cut();
  const endpoints = [before, after].map(({ url }) => url).join();
  const watcher = startWrapper(["-n", "jobs", "--watch", "--json", "--endpoints", endpoints], { t });
  await told(watcher, ({ leader }) => leader?.identity === "a");
  before.cut();
  after.heal();
  await told(watcher, ({ leader }) => leader === null);
  await empty.etcdctl("put", "jobs/1", "b");
  await told(watcher, ({ leader }) => leader?.identity === "b");
  t.same(toldBy(watcher).map(standing), ["a", "nobody", "b"]);
});

await t.test("a member that freezes is left for another one within seconds", async (t) => {
  const etcd = await startEtcd({ t, members: 3 });
  const leader = await etcd.leader();
  const [frozen, other] = etcd.members.filter((member) => member !== leader);
  if (!frozen || !other) throw new Error("three members have two followers");
  await etcd.etcdctl("put", "jobs/1", "a");
  // It begins with the one that is going to freeze: the way to the other one is open only later.
  const later = await startProxy(other.clientPort, { t });
  later.cut();
  const endpoints = [frozen.clientUrl, later.url].join();
  const watcher = startWrapper(["-n", "jobs", "--watch", "--json", "--endpoints", endpoints], { t });
  await told(watcher, ({ leader: leads }) => leads?.identity === "a");
  later.heal();
  await frozen.freeze();
  await etcd.etcdctl("put", "jobs/1", "b");
  await told(watcher, ({ leader: leads }) => leads?.identity === "b");
  await frozen.thaw();
  t.same(toldBy(watcher).map(standing), ["a", "b"]);
});

/** A watcher that has told of "a", behind a network of its own. */
async function watchThrough(t: Test, etcd: EtcdCluster): Promise<{ watcher: Wrapper; proxy: TcpProxy }> {
  const proxy = await startProxy(etcd.member.clientPort, { t });
  await etcd.etcdctl("put", "jobs/1", "a");
  const watcher = startWrapper(["-n", "jobs", "--watch", "--json", "--endpoints", proxy.url], { t });
  await told(watcher, ({ leader }) => leader?.identity === "a");
  return { watcher, proxy };
}

/** Waits until etcd has a watch to tell of changes. */
async function watched({ member }: EtcdCluster): Promise<void> {
  const count = async (): Promise<string> => (await fetch(`${member.clientUrl}/metrics`)).text();
  await until("a watch", async () => /^etcd_debugging_mvcc_watcher_total 1$/m.test(await count()));
}

async function cutOff(watcher: Wrapper, proxy: TcpProxy): Promise<void> {
  proxy.cut();
  await watcher.event("unreachable");
}

/** Everything but what there is now is forgotten. */
async function compact(etcd: EtcdCluster): Promise<void> {
  const { stdout } = await etcd.etcdctl("get", "x", "-w=json");
  const { header } = JSON.parse(stdout) as { header: { revision: number } };
  const { code, stderr } = await etcd.etcdctl("compact", `${header.revision}`);
  if (code !== 0) throw new Error(stderr);
}
