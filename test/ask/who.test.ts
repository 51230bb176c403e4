import { writeFileSync } from "node:fs";
import t from "tap";
import { startEtcd } from "../helpers/etcd-server.js";
import { until } from "../helpers/until.js";
import { newest, Stage } from "../integration/stage.js";
import { standing, who, whoFields } from "./asking.js";

// Each test has an election of its own and mostly waits: several at once.
t.jobs = 3;
const etcd = await startEtcd({ t });
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

void t.test("nobody leads: it says so, with status 1", async (t) => {
  const { code, stdout, stderr } = await who(etcd, "empty");
  t.same(
    { code, stdout, stderr },
    { code: 1, stdout: "election  empty\nleader    nobody\nqueue     empty\n", stderr: "" },
  );
  const { time, ...rest } = await whoFields(etcd, "empty");
  t.match(time, ISO);
  t.strictSame(rest, { election: "empty", leader: null, queue: [], blocked: null });
});

void t.test("the leader with key, token and lease, and the queue in order, with status 0", async (t) => {
  const stage = new Stage(t, etcd);
  const leader = await stage.leader("host a");
  for (const name of ["host-b", "host-c"]) await stage.standby(name);
  const { code, stdout, stderr } = await who(etcd, stage.election);
  const [a, b, c] = await stage.keys();
  t.same({ code, stderr }, { code: 0, stderr: "" });
  t.match(
    stdout.replace(/\d+s of 10s left/, "some of 10s left"),
    [
      `election  ${stage.election}`,
      'leader    "host a"',
      `key       ${a?.key}`,
      `token     ${a?.createRevision}`,
      `lease     ${a?.lease}, some of 10s left`,
      `queue     host-b  token ${b?.createRevision}  ${b?.key}`,
      `          host-c  token ${c?.createRevision}  ${c?.key}\n`,
    ].join("\n"),
  );
  const { leader: leads, queue } = await whoFields(etcd, stage.election);
  const { left, ttl, ...rest } = leads ?? { left: NaN };
  t.ok(Number(left) >= 6_000 && Number(left) <= 10_000, `renewed every 2 s, ${left} left`);
  t.equal(ttl, 10_000);
  const fields = [a, b, c].map((key) => ({
    identity: key?.value,
    key: key?.key,
    revision: String(key?.createRevision),
    lease: key?.lease,
  }));
  t.strictSame([rest, ...queue], fields);
  t.equal(rest && "revision" in rest ? rest.revision : "", newest(leader, "elected")?.revision, "its fencing token");
});

void t.test("it reads those of etcdctl elect and etcdctl lock, with us in between", async (t) => {
  const stage = new Stage(t, etcd);
  const end = `${stage.folder}/end`;
  const held = ["sh", "-c", `echo held; until [ -e "$0" ]; do sleep 0.02; done`, end];
  const lock = etcd.etcdctlSpawn(["lock", stage.election, "--", ...held], t);
  await lock.stdoutLine("held");
  await stage.standby("ours");
  const elect = etcd.etcdctlSpawn(["elect", stage.election, "from Go"], t);
  await until("three in the queue", async () => (await stage.keys()).length === 3);
  const { leader, queue } = await whoFields(etcd, stage.election);
  const keys = await stage.keys();
  t.match(leader, { identity: "", key: keys[0]?.key, lease: keys[0]?.lease, ttl: 10_000 });
  t.match(queue, [{ identity: "ours" }, { identity: "from Go", key: keys[2]?.key, lease: keys[2]?.lease }]);
  t.match((await who(etcd, stage.election)).stdout, /^leader {4}""$/m);
  writeFileSync(end, "");
  await lock.exitedWithin();
  const ours = await until("ours to lead", async () => {
    const now = await whoFields(etcd, stage.election);
    return now.leader?.identity === "ours" && now;
  });
  t.equal(standing(ours), "ours from Go");
  elect.kill("SIGINT");
});

void t.test("it takes no lease and writes nothing", async (t) => {
  const stage = new Stage(t, etcd, { election: "untouched" });
  await etcd.etcdctl("put", "untouched/1", "by hand");
  const leases = new Set(await stage.leases());
  const before = stage.changes();
  await before.stdoutLine("untouched/1");
  for (const args of [[], ["--json"]]) t.equal((await who(etcd, "untouched", ...args)).code, 0);
  const writes = await etcd.etcdctl("put", "untouched/2", "by hand");
  t.equal(writes.code, 0);
  await before.stdoutLine("untouched/2");
  t.equal(before.stdout.match(/^(PUT|DELETE)$/gm)?.length, 2);
  // Others come and go here: of each that is new somebody must have the key.
  const fresh = (await stage.leases()).filter((lease) => !leases.has(lease));
  for (const lease of fresh)
    t.ok((await etcd.etcdctl("lease", "timetolive", lease, "--keys")).stdout.includes("/"), lease);
});

void t.test("a key on no lease leads until it is deleted", async (t) => {
  await etcd.etcdctl("put", "by-hand/x", "me");
  t.match((await who(etcd, "by-hand")).stdout, /^lease {5}none: leads until its key is deleted$/m);
  t.match(await whoFields(etcd, "by-hand"), {
    leader: { identity: "me", key: "by-hand/x", lease: null, left: null, ttl: null },
  });
});

void t.test("a key of a longer name is another election's, and blocks who comes after it", async (t) => {
  const [first, second] = ["outer/1", "outer/2"];
  await etcd.etcdctl("put", "outer/x/y", "another's");
  t.match(await whoFields(etcd, "outer"), { leader: null, queue: [], blocked: "outer/x/y" });
  await etcd.etcdctl("put", second, "b");
  t.match(await whoFields(etcd, "outer"), { leader: null, queue: [{ identity: "b" }], blocked: "outer/x/y" });
  t.equal((await who(etcd, "outer")).code, 1, "nobody leads behind it");
  await etcd.etcdctl("del", "outer/x/y");
  await etcd.etcdctl("put", "outer/x/y", "later");
  await etcd.etcdctl("put", first, "a");
  const { code, stdout } = await who(etcd, "outer");
  t.equal(code, 0);
  t.match(stdout, /^leader {4}b$[^]*^blocked {3}by outer\/x\/y, a key of another election$[^]*^queue {5}a /m);
  t.match(await whoFields(etcd, "outer/x"), { leader: { identity: "later" }, queue: [] });
  t.match(await whoFields(etcd, "oute"), { leader: null, queue: [] });
});

void t.test("what others wrote has no power over the terminal", async (t) => {
  await etcd.etcdctl("put", "evil/1", "\x1b[2Jgone\n");
  const { stdout } = await who(etcd, "evil");
  t.match(stdout, String.raw`leader    "\u001b[2Jgone\n"`);
  t.notOk(stdout.includes("\x1b"));
  t.equal((await whoFields(etcd, "evil")).leader?.identity, "\x1b[2Jgone\n");
});

void t.test("the variables set it too", async (t) => {
  const { runToEnd } = await import("../helpers/wrapper.js");
  const env = {
    ETCDCTL_ENDPOINTS: etcd.endpoints,
    WHILE_LEADER_ELECTION: "empty",
    WHILE_LEADER_WHO: "1",
    WHILE_LEADER_JSON: "1",
  };
  t.match(await runToEnd([], { env }), { code: 1, stdout: /"election":"empty","leader":null/ });
});
