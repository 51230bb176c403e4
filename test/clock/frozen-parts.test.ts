import t from "tap";
import { startEtcd } from "../helpers/etcd-server.js";
import { Freezer, needsFreezer } from "../helpers/freezer.js";
import { isAlive } from "../helpers/processes.js";
import { until } from "../helpers/until.js";
import { namesAfter, newest, renewals, Stage, tokenOf, WIDE_MARGIN } from "../integration/stage.js";
import { lateSteps, processesOf } from "./thaws.js";

const TTL = 3;
// A supervisor looks at the clock this often, whatever happens, and the guard too.
const MOMENT = 500;

// Also where tap is not what starts this.
t.setTimeout(110_000);
t.jobs = 3;
const etcd = await startEtcd({ t });

for (const version of ["v1", "v2"] as const) {
  const needs = () => ({ ...needsFreezer(version) });

  void t.test(
    `cgroup ${version}: only while-leader is frozen, and its guard ends the command in time`,
    needs(),
    async (t) => {
      const stage = new Stage(t, etcd, { ttl: TTL });
      const freezer = new Freezer(version, t);
      const a = await stage.leader("a", { command: stage.workload("--ignore-term"), args: WIDE_MARGIN });
      const b = await stage.standby("b");
      freezer.add(a.pid);
      const late = await lateSteps(stage, a, b, { begin: () => freezer.freeze(), end: () => freezer.thaw() });
      t.match(late, { steps: 0 });
      t.same(stage.violations(), []);
      await a.event("standby", { after: await a.event("rejoining") });
    },
  );

  // Nothing that could do anything runs: this is what the token is for.
  void t.test(
    `cgroup ${version}: while-leader and its guard are frozen, and kill the command when they go on`,
    needs(),
    async (t) => {
      const stage = new Stage(t, etcd, { ttl: TTL });
      const freezer = new Freezer(version, t);
      const a = await stage.leader("a");
      const b = await stage.standby("b");
      const { wrapper, guard } = await processesOf(a);
      for (const pid of [wrapper, guard]) freezer.add(pid);
      const elected = await a.event("elected");
      await freezer.freeze();
      await stage.beating(b);
      await until("the command to go on beside the next one", () => stage.violations().length > 0);
      const at = Number(process.hrtime.bigint()) / 1e6;
      freezer.thaw();
      t.match(await a.event("exited", { after: elected }), { signal: "SIGKILL" });
      const last = stage.beats().findLast(({ token }) => token === tokenOf(elected))?.at ?? Infinity;
      t.ok(last - at < MOMENT, `${last - at} ms`);
      await a.event("standby", { after: await a.event("rejoining") });
    },
  );
}

// Of version 1 a frozen process does not die before it is thawed.
for (const version of ["v1", "v2"] as const) {
  void t.test(
    `cgroup ${version}: only the guard is frozen, and another one takes its place`,
    needsFreezer(version),
    async (t) => {
      const stage = new Stage(t, etcd, { ttl: TTL });
      const freezer = new Freezer(version, t);
      const a = await stage.leader("a", { args: WIDE_MARGIN });
      const b = await stage.standby("b");
      const first = newest(a, "guarded") ?? (await a.event("guarded"));
      const { command } = await processesOf(a);
      freezer.add(Number(first.pid));
      await freezer.freeze();
      const second = await a.event("guarded", { after: first });
      await renewals(a, 2);
      t.ok(isAlive(command));
      t.notOk(namesAfter(a, first).includes("lost"));
      // It is a guard as good as the first one.
      a.kill("SIGKILL");
      await until("it to end the command", () => !isAlive(command));
      await stage.beating(b);
      t.same(stage.violations(), []);
      t.not(second.pid, first.pid);
    },
  );
}
