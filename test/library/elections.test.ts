import t, { type Test } from "tap";
import type { Election, ElectionSettings, OpenLease, Term } from "while-leader";
import { Child } from "../helpers/child.js";
import { startEtcd } from "../helpers/etcd-server.js";
import { freePorts } from "../helpers/free-ports.js";
import { startProxy } from "../helpers/tcp-proxy.js";

// As a program that has installed it does: by its name, through the package's exports.
const { ExitStatus, Failure, grantLease, openElection, systemClock } = await import("while-leader");

const cluster = await startEtcd({ t });
const jobs = { name: "jobs", identity: "library", endpoints: cluster.endpoints };

await t.test("an election can be stood for by hand", (t) => byHand(t, { ...jobs, name: "by-hand" }));

await t.test("a term is lost when its key is deleted", async (t) => {
  const [lost, term] = await elect(t, { ...jobs, name: "deleted" });
  await cluster.etcdctl("del", term.key);
  t.equal(await lost, "key-gone");
  t.ok(term.validUntil() <= systemClock().now() + 1);
});

await t.test("a lease alone is renewed until it is revoked by hand", async (t) => {
  const held = await granted(t, { endpoints: cluster.endpoints, ttl: 2_000 });
  const left = async () => (await cluster.etcdctl("lease", "timetolive", held.lease.hex)).stdout;
  t.match(await left(), /granted with TTL\(2s\)/);
  t.equal(BigInt(`0x${held.lease.hex}`).toString(), held.lease.id);
  await cluster.etcdctl("lease", "revoke", held.lease.hex);
  t.equal(await held.lease.lost, "lease-gone");
});

await t.test("a lease alone is given back", async (t) => {
  const held = await grantLease({ endpoints: cluster.endpoints });
  await held.lease.revoke(2_000);
  await held.lease.revoke(2_000);
  held.close();
  t.match((await cluster.etcdctl("lease", "timetolive", held.lease.hex)).stdout, /already expired/);
});

await t.test("a lease alone is lost when it can no longer be renewed", async (t) => {
  const proxy = await startProxy(cluster.member.clientPort, { t });
  const held = await granted(t, { endpoints: proxy.url, ttl: 2_000 });
  proxy.swallow();
  t.equal(await within(held, 5_000), "expired");
});

await t.test("whoever confirms a lease alone gets an answer", async (t) => {
  const held = await granted(t, { endpoints: cluster.endpoints });
  const before = process.cpuUsage();
  const confirmed = held.lease.confirm(AbortSignal.timeout(1_000));
  t.equal(await confirmed.then(() => "confirmed", String), "confirmed");
  t.ok(process.cpuUsage(before).user < 500_000, "without asking etcd without a pause");
});

await t.test("a lease that is closed and not given back keeps no program running", async (t) => {
  const index = JSON.stringify(new URL("../../lib/index.js", import.meta.url));
  const settings = JSON.stringify({ endpoints: cluster.endpoints, ttl: 2_000 });
  const program = `const { grantLease } = await import(${index}); (await grantLease(${settings})).close();`;
  const env = { ...process.env, NODE_OPTIONS: "" };
  const child = new Child(process.execPath, ["--input-type=module", "-e", program], { t, env });
  t.match(await child.exitedWithin(5_000), { code: 0 });
});

async function granted(t: Test, settings: Parameters<typeof grantLease>[0]): Promise<OpenLease> {
  const held = await grantLease(settings);
  t.teardown(async () => {
    await held.lease.revoke(500).catch(() => {});
    held.close();
  });
  return held;
}

/** How the lease is lost, if it is within that time. */
function within({ lease }: OpenLease, timeoutMs: number): Promise<string> {
  return Promise.race([
    lease.lost,
    systemClock()
      .sleep(timeoutMs, new AbortController().signal)
      .then(() => "not lost"),
  ]);
}

async function elect(t: Test, settings: ElectionSettings): Promise<[Promise<string>, Term, Election]> {
  const election = openElection(settings);
  const campaign = election.campaign();
  t.teardown(async () => {
    await campaign.withdraw(1_000);
    election.close();
  });
  const term = await campaign.elected;
  return [term.lost, term, election];
}

async function byHand(t: Test, settings: ElectionSettings): Promise<void> {
  const [first, second] = [openElection(settings), openElection({ ...settings, identity: "second" })];
  t.teardown(() => [first, second].forEach((election) => election.close()));
  const leading = first.campaign();
  const term = await leading.elected;
  t.equal(term.key, `${settings.name}/${term.lease}`);
  t.match(term.revision, /^\d+$/);
  const now = systemClock().now();
  t.ok(now < term.termAt() && term.termAt() < term.killAt() && term.killAt() < term.validUntil());
  const waiting = second.campaign();
  let elected = false;
  void waiting.elected.then(() => (elected = true));
  await waiting.queued;
  t.notOk(elected);
  t.equal(await leading.withdraw(2_000), true);
  const next = await waiting.elected;
  t.ok(BigInt(next.revision) > BigInt(term.revision), "the token grows");
  t.equal(await waiting.withdraw(2_000), true);
  const again = first.campaign();
  t.ok(BigInt((await again.elected).revision) > BigInt(next.revision), "an election can be stood for again");
  await again.withdraw(2_000);
}

await t.test("a campaign can be withdrawn while etcd is not there", async (t) => {
  const [port] = await freePorts(1);
  const election = openElection({ name: "jobs", endpoints: `127.0.0.1:${port}` });
  const campaign = election.campaign();
  const rejected = [t.rejects(campaign.elected), t.rejects(campaign.queued)];
  await campaign.withdraw(1_000);
  await Promise.all(rejected);
  election.close();
  await t.rejects(grantLease({ endpoints: `127.0.0.1:${port}` }, { signal: AbortSignal.timeout(50) }), Failure);
});

await t.test("settings that cannot be kept are a Failure with code usage", async (t) => {
  const usage = { name: "Failure", code: "usage", status: ExitStatus.usage };
  const bad = [
    { ttl: 1_000 },
    { ttl: 2_500 },
    { ttl: NaN },
    { lostGrace: 9_000 },
    { killMargin: -1 },
    { clockDrift: 1 },
    { dialTimeout: 0 },
    { commandTimeout: NaN },
  ];
  for (const settings of [...bad, { endpoints: "" }, { endpoints: "a,,b" }, { endpoints: "[a]" }]) {
    t.throws(() => openElection({ name: "jobs", ...settings }).close(), usage, JSON.stringify(settings));
    await t.rejects(grantLease(settings), usage, JSON.stringify(settings));
  }
  for (const name of ["", "/", "/a", "a/", "a//b"])
    t.throws(() => openElection({ name }).close(), usage, `name "${name}"`);
});

await t.test("the package exports its library, and nothing of its inside", async (t) => {
  const inside = "while-leader/dist/lib/main.js";
  // Under tap's loader the code stands in the message.
  const refused = import(inside).then(
    () => "imported",
    (error: NodeJS.ErrnoException) => `${error.code} ${error.message}`,
  );
  t.match(await refused, /ERR_PACKAGE_PATH_NOT_EXPORTED/);
  t.equal(import.meta.resolve("while-leader/package.json"), String(new URL("../../../package.json", import.meta.url)));
});
