import t, { type Test } from "tap";
import { findEtcd, requireEtcd, type EtcdBinaries } from "../helpers/etcd-binaries.js";
import { startEtcd } from "../helpers/etcd-server.js";
import { KILLED, monotonic, newestValidity, Stage, TERMINATED, WIDE_MARGIN } from "./stage.js";

const AT_ONCE = { timeoutMs: 4_000 };

// The other tests have whatever etcd is at hand; here is the core of them against the series that this is not.
const { version } = await requireEtcd();
for (const series of ["3.4", "3.5"] as const) {
  const binaries = await findEtcd(series);
  if (version.startsWith(`${series}.`)) {
    t.pass(`etcd ${version}: in all the other tests`);
  } else if (binaries) {
    await t.test(`etcd ${binaries.version}`, (t) => core(t, binaries));
  } else {
    t.comment(`etcd ${series} was NOT AVAILABLE: nothing of this was tested against it`);
    t.pass(`etcd ${series} NOT AVAILABLE`);
  }
}

async function core(t: Test, binaries: EtcdBinaries): Promise<void> {
  const etcd = await startEtcd({ t, binaries });
  t.jobs = 3;

  await t.test("leadership goes down the queue, one workload at a time, and nothing is left", async (t) => {
    const stage = new Stage(t, etcd);
    const a = await stage.leader("a");
    const b = await stage.standby("b", { command: stage.workload("--ignore-term"), args: ["--kill-after", "500ms"] });
    const c = await stage.standby("c");
    a.kill("SIGTERM");
    await stage.beating(b, AT_ONCE);
    b.kill("SIGTERM");
    await stage.beating(c, AT_ONCE);
    c.kill("SIGTERM");
    const exits = await Promise.all([a, b, c].map((one) => one.exitedWithin()));
    t.same(
      exits.map(({ code }) => code),
      [TERMINATED, KILLED, TERMINATED],
    );
    t.same(stage.violations(), []);
    t.same([await stage.keys(), await stage.leases()], [[], []]);
  });

  void t.test("etcdctl of that version stands in the same queue", async (t) => {
    const stage = new Stage(t, etcd);
    const first = etcd.etcdctlSpawn(["elect", stage.election, "first"], t);
    await first.stdoutLine("first");
    const ours = await stage.standby("ours");
    first.kill("SIGINT");
    await stage.beating(ours, AT_ONCE);
    const last = etcd.etcdctlSpawn(["lock", stage.election, "--", "echo", "held"], t);
    t.equal(last.stdout, "");
    ours.kill("SIGTERM");
    await last.stdoutLine("held", AT_ONCE.timeoutMs);
  });

  for (const [what, taking] of Object.entries({ deleted: ["del"], revoked: ["lease", "revoke"] })) {
    void t.test(`a key or lease that is ${what} ends the term at once, and we rejoin`, async (t) => {
      const stage = new Stage(t, etcd);
      const a = await stage.leader("a");
      const { key, lease } = await stage.keyOf("a");
      await etcd.etcdctl(...taking, what === "deleted" ? key : lease);
      t.match((await a.event("lost", AT_ONCE)).reason, /^(key|lease)-gone$/);
      t.match(await a.event("exited", AT_ONCE), { signal: "SIGKILL" });
      await stage.beating(a, { after: await a.event("rejoining") });
      t.same(stage.violations(), []);
    });
  }

  void t.test("an etcd that freezes ends the term before the lease can run out, and we rejoin", async (t) => {
    const failing = await startEtcd({ t, binaries });
    const stage = new Stage(t, failing, { ttl: 3 });
    const a = await stage.leader("a", { command: stage.workload("--ignore-term"), args: WIDE_MARGIN });
    await failing.member.freeze();
    await a.event("exited");
    await failing.member.thaw();
    t.match(await a.event("lost"), { reason: "expired" });
    const renewed = newestValidity(a);
    t.ok((stage.beats().at(-1)?.at ?? Infinity) < monotonic(renewed) + Number(renewed.left));
    await stage.beating(a, { after: await a.event("rejoining") });
    t.same(stage.violations(), []);
  });
}
