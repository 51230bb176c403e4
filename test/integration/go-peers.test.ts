import { writeFileSync } from "node:fs";
import t from "tap";
import { startEtcd } from "../helpers/etcd-server.js";
import { until } from "../helpers/until.js";
import { Stage, tokenOf } from "./stage.js";

// etcdctl's leases live 10 s (lock) and 60 s (elect): within this a hand-over cannot be one of them that ran out.
const LIMIT = { timeoutMs: 5_000 };

// Each test has an election of its own and mostly waits: several at once.
t.jobs = 3;
const etcd = await startEtcd({ t });

void t.test("we wait for etcdctl elect, name its proposal as the leader, and lead when it resigns", async (t) => {
  const stage = new Stage(t, etcd);
  const peer = etcd.etcdctlSpawn(["elect", stage.election, "from Go"], t);
  await peer.stdoutLine("from Go");
  const ours = await stage.standby("ours");
  const [first] = await stage.keys();
  t.match(await ours.event("standby"), { election: stage.election, leader: "from Go", behind: first?.key });
  t.same(await stage.identities(), ["from Go", "ours"]);
  t.notOk(ours.events.some(({ event }) => event === "elected"));
  peer.kill("SIGINT");
  t.ok((await stage.beating(ours, LIMIT)) > (first?.createRevision ?? 0n));
});

void t.test("etcdctl elect waits for us, and leads when we have resigned", async (t) => {
  const stage = new Stage(t, etcd);
  const ours = await stage.leader("ours");
  const peer = etcd.etcdctlSpawn(["elect", stage.election, "from Go"], t);
  await queue(stage, 2);
  t.same(await stage.identities(), ["ours", "from Go"]);
  t.equal(peer.stdout, "");
  ours.kill("SIGTERM");
  await peer.stdoutLine("from Go", LIMIT.timeoutMs);
  t.same(await stage.identities(), ["from Go"]);
});

void t.test("we wait for etcdctl lock, and lead when its command has ended", async (t) => {
  const stage = new Stage(t, etcd);
  const end = `${stage.folder}/end`;
  const held = ["sh", "-c", `echo held; until [ -e "$0" ]; do sleep 0.02; done`, end];
  const peer = etcd.etcdctlSpawn(["lock", stage.election, "--", ...held], t);
  await peer.stdoutLine("held");
  const ours = await stage.standby("ours");
  t.same((await stage.keys()).length, 2);
  t.notOk(ours.events.some(({ event }) => event === "elected"));
  writeFileSync(end, "");
  await stage.beating(ours, LIMIT);
  t.match(await peer.exitedWithin(), { code: 0 });
});

void t.test("etcdctl lock waits for us, and its command finds the variables that ours finds too", async (t) => {
  const stage = new Stage(t, etcd);
  const ours = await stage.leader("ours");
  const print = 'echo "$ETCD_LOCK_KEY $ETCD_LOCK_REV"; sleep 300';
  const peer = etcd.etcdctlSpawn(["lock", stage.election, "--", "sh", "-c", print], t);
  await queue(stage, 2);
  t.equal(peer.stdout, "");
  const waiting = (await stage.keys())[1];
  ours.kill("SIGTERM");
  const [key, revision] = (await peer.stdoutLine(/./, LIMIT.timeoutMs)).split(" ");
  t.equal(key, waiting?.key);
  // Of a lock it had to wait for, etcdctl tells the revision at which the wait ended, not the key's create revision.
  t.ok(BigInt(revision ?? 0) >= (waiting?.createRevision ?? 0n));
  t.ok(BigInt(revision ?? 0) > tokenOf(await ours.event("elected")));
});

void t.test("ETCD_LOCK_REV grows with every holder of a queue that we share with etcdctl lock", async (t) => {
  const stage = new Stage(t, etcd);
  const ends = ["first", "peer", "last"].map((name) => `${stage.folder}/${name}`);
  const [first = [], second = [], third = []] = ends.map((end) => {
    return ["sh", "-c", 'echo "revision $ETCD_LOCK_REV"; echo ready; until [ -e "$0" ]; do sleep 0.02; done', end];
  });
  const ours = await stage.leader("first", { command: first });
  const peer = etcd.etcdctlSpawn(["lock", stage.election, "--", ...second], t);
  await queue(stage, 2);
  const last = await stage.standby("last", { command: third });
  const seen: bigint[] = [];
  for (const [index, holder] of [ours, peer, last].entries()) {
    seen.push(BigInt((await holder.stdoutLine(/^revision/, LIMIT.timeoutMs)).split(" ")[1] ?? 0));
    writeFileSync(ends[index] ?? "", "");
  }
  const [one = 0n, two = 0n, three = 0n] = seen;
  t.ok(0n < one && one < two && two < three, seen.join(" < "));
});

void t.test("we stand between two of etcdctl, each in its turn", async (t) => {
  const stage = new Stage(t, etcd);
  const first = etcd.etcdctlSpawn(["elect", stage.election, "first"], t);
  await first.stdoutLine("first");
  const ours = await stage.standby("ours");
  const last = etcd.etcdctlSpawn(["elect", stage.election, "last"], t);
  await queue(stage, 3);
  t.same(await stage.identities(), ["first", "ours", "last"]);
  first.kill("SIGINT");
  await stage.beating(ours, LIMIT);
  t.equal(last.stdout, "");
  ours.kill("SIGTERM");
  await last.stdoutLine("last", LIMIT.timeoutMs);
});

void t.test("etcdctl elect -l prints our key and our identity, and those of the next leader", async (t) => {
  const stage = new Stage(t, etcd);
  const a = await stage.leader("host a");
  await stage.standby("host b");
  const observer = etcd.etcdctlSpawn(["elect", "-l", stage.election], t);
  await observer.stdoutLine("host a");
  const keys = await stage.keys();
  t.equal(observer.stdout, `${keys[0]?.key}\nhost a\n`);
  a.kill("SIGTERM");
  await observer.stdoutLine("host b", LIMIT.timeoutMs);
  t.equal(observer.stdout, `${keys[0]?.key}\nhost a\n${keys[1]?.key}\nhost b\n`);
});

void t.test("a key of a longer name blocks us, and we say so", async (t) => {
  const stage = new Stage(t, etcd);
  const foreign = `${stage.election}/x/y`;
  await etcd.etcdctl("put", foreign, "not ours");
  const ours = await stage.standby("ours");
  t.match(await ours.event("standby"), { behind: foreign });
  t.match(await ours.event("blocked"), { level: "warn", behind: foreign });
  t.notOk(ours.events.some(({ event }) => event === "elected"));
  await etcd.etcdctl("del", foreign);
  await stage.beating(ours, LIMIT);
});

void t.test("elections of which one name begins with the other do not meet", async (t) => {
  const short = new Stage(t, etcd);
  const long = new Stage(t, etcd, { election: `${short.election}-2` });
  await short.leader("a");
  await long.leader("b");
  t.same([await short.identities(), await long.identities()], [["a"], ["b"]]);
});

/** Waits until that many stand in the queue: etcdctl does not say when it has begun to wait. */
async function queue(stage: Stage, length: number): Promise<void> {
  await until(`${length} in the queue`, async () => (await stage.keys()).length === length);
}
