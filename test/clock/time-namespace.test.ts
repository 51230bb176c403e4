import { spawnSync } from "node:child_process";
import t from "tap";
import { startEtcd } from "../helpers/etcd-server.js";
import { startProxy } from "../helpers/tcp-proxy.js";
import { namesAfter, renewals, Stage, WIDE_MARGIN } from "../integration/stage.js";
import { lateSteps, processesOf, stopping } from "./thaws.js";

// A time namespace moves CLOCK_MONOTONIC and CLOCK_BOOTTIME by amounts that are fixed when it is made: a host that was up for long,
// that has slept for long, or that has just been started. What happens to a clock meanwhile is in sleeping-host.test.ts.
const YEAR = 31_536_000; // seconds
// As near to zero as a clock may be put: none goes back beyond it.
const JUST_STARTED = -Math.floor(Number(process.hrtime.bigint()) / 1e9 - 1);

const HOSTS: Readonly<Record<string, readonly [monotonic: number, boottime: number]>> = {
  "was up for years": [9 * YEAR, 9 * YEAR],
  "has slept for years": [0, 9 * YEAR],
  "has just been started": [JUST_STARTED, JUST_STARTED],
  "counts less boot time than time awake, which no host should": [YEAR, 0],
};

const TTL = 3;

// Also where tap is not what starts this.
t.setTimeout(110_000);
t.jobs = 3;
const etcd = await startEtcd({ t });

for (const [what, offsets] of Object.entries(HOSTS)) {
  const under = inTimeNamespace(...offsets);

  void t.test(`a leader on a host that ${what} keeps its term`, needsTime(), async (t) => {
    const stage = new Stage(t, etcd, { ttl: TTL });
    const a = await stage.leader("a", { under });
    const first = a.events[0];
    await renewals(a, 5);
    t.notOk(first && namesAfter(a, first).some((name) => /^(lost|guard-(fired|died)|renewal-failed)$/.test(name)));
    a.kill("SIGTERM");
    t.match(await a.exitedWithin(), { code: 143 });
    t.match(await a.event("resigned"), { acknowledged: true });
  });

  void t.test(`a leader on a host that ${what} ends its command in time`, needsTime(), async (t) => {
    const stage = new Stage(t, etcd, { ttl: TTL });
    const link = await startProxy(etcd.member.clientPort, { t });
    const options = { command: stage.workload("--ignore-term"), args: WIDE_MARGIN };
    const a = await stage.leader("a", { ...options, under, endpoints: link.url });
    const b = await stage.standby("b", options);
    link.swallow();
    t.match(await a.event("lost"), { reason: "expired" });
    await stage.beating(b);
    t.same(stage.violations(), []);
  });

  void t.test(
    `a guard on a host that ${what} ends the command when while-leader is stopped`,
    needsTime(),
    async (t) => {
      const stage = new Stage(t, etcd, { ttl: TTL });
      const options = { command: stage.workload("--ignore-term"), args: WIDE_MARGIN };
      const a = await stage.leader("a", { ...options, under });
      const b = await stage.standby("b", options);
      const late = await lateSteps(stage, a, b, stopping([(await processesOf(a)).wrapper]));
      t.match(late, { steps: 0 });
      t.same(stage.violations(), []);
    },
  );
}

await t.test("the rig: a process under it has other clocks", needsTime(), (t) => {
  const [file = "", ...args] = inTimeNamespace(YEAR, 2 * YEAR);
  const clocks = [process.execPath, "-p", "`${process.hrtime.bigint()} ${os.uptime()}`"];
  const { stdout } = spawnSync(file, [...args, ...clocks], { encoding: "utf8" });
  const [monotonic, boottime] = stdout.split(" ").map(Number);
  t.equal(Math.floor((monotonic ?? 0) / 1e9 / YEAR), 1);
  t.equal(Math.floor((boottime ?? 0) / YEAR), 2);
  t.end();
});

function inTimeNamespace(monotonic: number, boottime: number): readonly string[] {
  return ["unshare", "--time", `--monotonic=${monotonic}`, `--boottime=${boottime}`, "--"];
}

/** Options of a test that needs one: skips it, and says why, where nobody lets us. */
function needsTime(): { readonly skip: false | string } {
  const [file = "", ...args] = inTimeNamespace(1, 1);
  const { status, stderr, error } = spawnSync(file, [...args, "true"], { encoding: "utf8" });
  if (error) return { skip: `needs unshare of util-linux: ${error.message}` };
  return { skip: status === 0 ? false : `needs a time namespace of its own, and ${stderr.trim()}` };
}
