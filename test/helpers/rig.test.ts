import { existsSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { dirname } from "node:path";
import { test, type Test } from "tap";
import type { Owner } from "./at-exit.js";
import { Child } from "./child.js";
import { enableAuth } from "./etcd-auth.js";
import { findEtcd, requireEtcd } from "./etcd-binaries.js";
import { Member } from "./etcd-member.js";
import { startEtcd, type EtcdCluster } from "./etcd-server.js";
import { fixture } from "./paths.js";
import { isAlive, processRow } from "./processes.js";
import { until } from "./until.js";

function folderOf(cluster: EtcdCluster): string {
  return dirname(cluster.member.logFile);
}

async function canPutAndGet(t: Test, cluster: EtcdCluster, key: string) {
  t.same(await cluster.etcdctl("put", key, "value"), { stdout: "OK\n", stderr: "", code: 0 });
  t.equal((await cluster.etcdctl("get", key)).stdout, `${key}\nvalue\n`);
}

await test("one member answers, and nothing of it is left after stop", async (t) => {
  const cluster = await startEtcd({ t });
  const { pid } = cluster.member;
  const folder = folderOf(cluster);
  t.equal(cluster.endpoints, `http://127.0.0.1:${cluster.member.clientPort}`);
  t.equal(cluster.version, (await requireEtcd()).version);
  await canPutAndGet(t, cluster, "a");
  t.ok(isAlive(pid));
  t.ok(existsSync(folder));
  await cluster.stop();
  await cluster.stop();
  t.notOk(processRow(pid));
  t.notOk(existsSync(folder));
  t.not((await cluster.etcdctl("--command-timeout=200ms", "get", "a")).code, 0);
});

await test("of three members each can be frozen, thawed, killed and restarted", async (t) => {
  const cluster = await startEtcd({ t, members: 3, electionTimeoutMs: 500 });
  const first = await cluster.leader();
  t.ok(await first.isLeader());
  await canPutAndGet(t, cluster, "a");

  await first.freeze();
  t.equal(processRow(first.pid)?.state, "T");
  t.notOk(await first.isLeader());
  const second = await cluster.leader();
  t.not(second, first);
  await canPutAndGet(t, cluster, "b");
  await first.thaw();
  await until("the old leader to follow", async () => (await first.status())?.leads === false);

  const killed = second.pid;
  await second.kill();
  t.notOk(processRow(killed));
  t.not(await cluster.leader(), second);
  await canPutAndGet(t, cluster, "c");
  await second.restart();
  t.not(second.pid, killed);
  t.equal((await cluster.etcdctl(`--endpoints=${second.clientUrl}`, "get", "c")).stdout, "c\nvalue\n");

  await Promise.all(cluster.members.map((member) => member.kill()));
  await Promise.all(cluster.members.map((member) => member.restart()));
  t.equal((await cluster.etcdctl("get", "a")).stdout, "a\nvalue\n", "data outlives all of them");

  const pids = cluster.members.map((member) => member.pid);
  const folder = folderOf(cluster);
  await first.freeze();
  await cluster.stop();
  t.same(pids.filter(isAlive), [], "stop ends frozen members too");
  t.notOk(existsSync(folder));
});

await test("TLS: the server's certificate is checked, and the client's with mutual", async (t) => {
  const [server, mutual] = await Promise.all([startEtcd({ t, tls: "server" }), startEtcd({ t, tls: "mutual" })]);
  await canPutAndGet(t, server, "a");
  await canPutAndGet(t, mutual, "a");
  t.equal(await mutual.leader(), mutual.member);
  t.match(server.flags, [/^--endpoints=https:/, /^--cacert=/]);
  t.match(mutual.flags, [/^--endpoints=https:/, /^--cacert=/, /^--cert=/, /^--key=/]);
  const limit = "--command-timeout=500ms";
  const refused = await Promise.all([
    server.etcdctl(limit, `--cacert=${fixture("tls/other-ca.pem")}`, "get", "a"),
    mutual.etcdctl(limit, "--cert=", "--key=", "get", "a"),
  ]);
  for (const { code } of refused) t.not(code, 0);
});

for (const tls of [undefined, "mutual"] as const) {
  await test(`authentication, TLS ${tls}: a user has its prefix and no more`, async (t) => {
    const cluster = await startEtcd({ t, authTokenTtl: 2, ...(tls && { tls }) });
    await enableAuth(cluster, { rootPassword: "for root", user: "jobs", password: "s:cret", prefix: "jobs/" });
    await canPutAndGet(t, cluster, "anything");
    const as = (login: string, key: string) => cluster.etcdctl(`--user=${login}`, "put", key, "value");
    t.equal((await as("jobs:s:cret", "jobs/a")).code, 0);
    t.match(await as("jobs:s:cret", "other/a"), { stderr: /permission denied/ });
    t.match(await as("jobs:wrong", "jobs/a"), { stderr: /authentication failed/ });
    t.equal(await cluster.leader(), cluster.member);
    await cluster.member.restart();
    await canPutAndGet(t, cluster, "anything");
  });
}

await test("an etcdctl that goes on has its output, and is ended with all it started", async (t) => {
  const cluster = await startEtcd({ t });
  const holder = cluster.etcdctlSpawn(["lock", "door", "--", "sh", "-c", "echo mine $$; sleep 300; :"], t);
  const inside = Number((await holder.stdoutLine(/^mine \d+$/)).split(" ")[1]);
  const waiter = cluster.etcdctlSpawn(["lock", "door", "echo", "next"], t);
  await until(
    "two in the queue",
    async () => (await cluster.etcdctl("get", "--prefix", "door/")).stdout.split("\n")[4],
  );
  t.equal(waiter.stdout, "");
  await holder.end();
  t.notOk(isAlive(inside));
  const lease = (await cluster.etcdctl("get", "--prefix", "door/")).stdout.split("\n")[0]?.split("/")[1] ?? "";
  await cluster.etcdctl("lease", "revoke", lease);
  t.equal(await waiter.stdoutLine(/./), "next");
  t.match(await waiter.exited, { code: 0, signal: null });
  const txn = 'value("door") = "x"\n\nput door open\n\nput door shut\n\n';
  t.match(await cluster.etcdctlReading(txn, "txn"), { code: 0, stdout: /^FAILURE/ });
});

await test("clusters that start at once do not meet, and a port that is taken is said so", async (t) => {
  const clusters = await Promise.all([startEtcd({ t }), startEtcd({ t }), startEtcd({ t, members: 3 })]);
  t.equal(new Set(clusters.flatMap(({ endpoints }) => endpoints.split(","))).size, 5);

  const thief = createServer().listen(0, "127.0.0.1");
  t.teardown(() => thief.close());
  await until("the thief", () => thief.listening);
  const { port } = thief.address() as AddressInfo;
  const { etcd } = await requireEtcd();
  const args = [`--initial-cluster=late=http://127.0.0.1:${port}`];
  const settings = { etcd, name: "late", folder: t.testdir(), clientPort: port, peerPort: port, tls: undefined, args };
  await t.rejects(new Member(settings).start(), { message: "a port of etcd late is taken" });
});

await test("a server that cannot start says why", async (t) => {
  await t.rejects(startEtcd({ args: ["--no-such-flag"] }), { message: /ended by itself[^]*no-such-flag/ });
});

await test("a wanted series is that series", async (t) => {
  for (const series of ["3.4", "3.5"] as const) {
    const binaries = await findEtcd(series);
    if (!binaries) {
      t.pass(`etcd ${series} is not to be had here`, { skip: true });
      continue;
    }
    t.ok(binaries.version.startsWith(`${series}.`));
    await canPutAndGet(t, await startEtcd({ t, binaries }), series);
  }
});

// However the test's process ends, short of SIGKILL.
for (const ending of ["process.exit(3)", "throw new Error('a bug')", "process.kill(process.pid, 'SIGTERM')"]) {
  await test(`nothing is left after ${ending}`, async (t) => {
    const { pids, log, exit } = await endingSo(t, ending);
    t.not(exit.code, 0);
    t.equal(pids.length, 3);
    await until("the end of what it started", () => !pids.some(isAlive));
    t.notOk(existsSync(dirname(log)));
  });
}

/** Starts etcd and a wrapper in a process of its own, which then does `ending`. */
async function endingSo(t: Owner, ending: string) {
  const code = `
    const { startEtcd } = await import(${JSON.stringify(new URL("etcd-server.js", import.meta.url))});
    const { startWrapper } = await import(${JSON.stringify(new URL("wrapper.js", import.meta.url))});
    const cluster = await startEtcd();
    const wrapper = startWrapper([${JSON.stringify(fixture("ignore-term.sh"))}], {
      entry: ${JSON.stringify(fixture("says-events.js"))},
    });
    const { pid } = await wrapper.event("started");
    console.log("pids", cluster.member.pid, wrapper.pid, pid);
    console.log("folder", cluster.member.logFile);
    process.stdin.once("data", () => { ${ending} });
  `;
  const env = { ...process.env, NODE_OPTIONS: "" };
  const child = new Child(process.execPath, ["--input-type=module", "-e", code], { t, env, stdin: "pipe" });
  const pids = (await child.stdoutLine(/^pids /)).split(" ").slice(1).map(Number);
  const log = (await child.stdoutLine(/^folder /)).slice("folder ".length);
  child.stdin?.write("now\n");
  return { pids, log, exit: await child.exitedWithin() };
}
