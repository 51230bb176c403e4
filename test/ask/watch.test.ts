import t from "tap";
import { startEtcd } from "../helpers/etcd-server.js";
import { Stage } from "../integration/stage.js";
import { standing, told, toldBy, watch, watchFields } from "./asking.js";

// Each test has an election of its own and mostly waits: several at once.
t.jobs = 3;
const etcd = await startEtcd({ t });

void t.test("a line for each change of the leader and of the queue, and for nobody", async (t) => {
  const stage = new Stage(t, etcd);
  const watcher = watchFields(t, etcd, stage.election);
  await told(watcher, ({ leader }) => leader === null);
  const a = await stage.leader("a");
  const b = await stage.standby("b");
  const peer = etcd.etcdctlSpawn(["elect", stage.election, "from Go"], t);
  await told(watcher, ({ queue }) => queue.length === 2);
  a.kill("SIGTERM");
  await stage.beating(b);
  b.kill("SIGTERM");
  await peer.stdoutLine("from Go");
  peer.kill("SIGINT");
  await watcher.stdoutLine(() => toldBy(watcher).length === 7);
  t.same(toldBy(watcher).map(standing), ["nobody", "a", "a b", "a b from Go", "b from Go", "from Go", "nobody"]);
  const [, first, , , second] = toldBy(watcher);
  t.match(first?.leader, { ttl: 10_000, key: new RegExp(`^${stage.election}/[0-9a-f]+$`) });
  t.ok(BigInt(second?.leader?.revision ?? 0) > BigInt(first?.leader?.revision ?? 0), "the token grows");
  t.notOk(watcher.hasExited);
  t.same(watcher.events, [], "and nothing on stderr");
});

void t.test("into a pipe or a file a line has its time, and the rest as the log", async (t) => {
  const watcher = watch(t, etcd, "lines");
  await watcher.stdoutLine(/ nobody$/);
  await etcd.etcdctl("put", "lines/1", "host a");
  await watcher.stdoutLine(/ leader=/);
  await etcd.etcdctl("put", "lines/2", "b");
  await watcher.stdoutLine(/ queue=/);
  const lines = watcher.stdout.trimEnd().split("\n");
  for (const line of lines) t.match(line, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z /);
  t.match(
    lines.map((line) => line.slice(25)),
    ["nobody", /^leader="host a" revision=\d+ key=lines\/1$/, /^leader="host a" revision=\d+ key=lines\/1 queue=b$/],
  );
});

void t.test("a new name of the leader is a change, the same once more is none", async (t) => {
  const watcher = watchFields(t, etcd, "proclaimed");
  await told(watcher, ({ leader }) => leader === null);
  for (const name of ["one", "one", "two"]) {
    await etcd.etcdctl("put", "proclaimed/1", name);
    await told(watcher, ({ leader }) => leader?.identity === name);
  }
  const [, one, two] = toldBy(watcher);
  t.equal(one?.leader?.revision, two?.leader?.revision);
  t.same(toldBy(watcher).map(standing), ["nobody", "one", "two"]);
});

void t.test("no change is missed, however fast they come, and none is told twice", async (t) => {
  const watcher = watchFields(t, etcd, "fast");
  await told(watcher, ({ leader }) => leader === null);
  const changes = Array.from({ length: 20 }, (_, step) => [`${step}`, "nobody"]).flat();
  // While it stands still they all happen.
  watcher.kill("SIGSTOP");
  for (const name of changes) {
    if (name === "nobody") await etcd.etcdctl("del", "fast/k");
    else await etcd.etcdctl("put", "fast/k", name);
  }
  watcher.kill("SIGCONT");
  await watcher.stdoutLine(() => toldBy(watcher).length > changes.length);
  await etcd.etcdctl("put", "fast/last", "last");
  await told(watcher, ({ leader }) => leader?.identity === "last");
  t.same(toldBy(watcher).map(standing), ["nobody", ...changes, "last"]);
});

void t.test("of other elections nothing is told", async (t) => {
  const watcher = watchFields(t, etcd, "mine");
  await told(watcher, ({ leader }) => leader === null);
  for (const key of ["mine-2/1", "min/1", "mine", "mine0"]) await etcd.etcdctl("put", key, "x");
  await etcd.etcdctl("put", "mine/1", "me");
  await told(watcher, ({ leader }) => leader?.identity === "me");
  t.equal(toldBy(watcher).length, 2);
  await etcd.etcdctl("put", "mine/x/y", "another's");
  t.match(await told(watcher, ({ blocked }) => blocked !== null), { leader: { identity: "me" }, blocked: "mine/x/y" });
});
