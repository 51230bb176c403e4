import t, { type Test } from "tap";
import { startEtcd } from "../helpers/etcd-server.js";
import { Freezer, needsFreezer } from "../helpers/freezer.js";
import { isAlive } from "../helpers/processes.js";
import { until } from "../helpers/until.js";
import type { Wrapper } from "../helpers/wrapper.js";
import { namesAfter, newest, renewals, Stage, tokenOf } from "../integration/stage.js";
import { lateSteps, processesOf, said, stopping, type Standstill } from "./thaws.js";

// So short a lease that its end is soon, and long enough for a busy machine to keep it until then.
const TTL = 5;
// The command sees a moment in which it may act before it is killed: at most this long, and steps that fill a part of it.
const MOMENT = 500;

// Also where tap is not what starts this.
t.setTimeout(110_000);
t.jobs = 3;
const etcd = await startEtcd({ t });

for (const version of ["v1", "v2"] as const) {
  const needs = () => ({ ...needsFreezer(version) });

  void t.test(
    `cgroup ${version}: all is frozen past the lease's end, and after it the command is killed at once`,
    needs(),
    async (t) => {
      const stage = new Stage(t, etcd, { ttl: TTL });
      const freezer = new Freezer(version, t);
      const [a, b] = [await stage.leader("a", { under: freezer.under }), await stage.standby("b")];
      await killedAfter(t, stage, a, b, { begin: () => freezer.freeze(), end: () => freezer.thaw() });
    },
  );

  void t.test(`cgroup ${version}: all is frozen for less than the lease, and nobody notices`, needs(), async (t) => {
    const stage = new Stage(t, etcd);
    const freezer = new Freezer(version, t);
    const a = await stage.leader("a", { under: freezer.under });
    const [last, pid] = [newest(a, "renewed"), stage.beats().at(-1)?.pid];
    await freezer.freeze();
    await etcd.etcdctl("put", "something", "else"); // etcd goes on meanwhile
    freezer.thaw();
    await renewals(a, 2);
    t.equal((await stage.nextBeat()).pid, pid);
    t.notOk(namesAfter(a, last ?? a.events[0]!).some((name) => ["lost", "guard-fired", "guard-died"].includes(name)));
  });

  void t.test(`cgroup ${version}: a frozen command whose term is lost makes no step any more`, needs(), async (t) => {
    const stage = new Stage(t, etcd, { ttl: TTL });
    const freezer = new Freezer(version, t);
    const a = await stage.leader("a", { command: stage.workload("--ignore-term") });
    const b = await stage.standby("b");
    const command = Number((await a.event("started")).pid);
    freezer.add(command);
    await freezer.freeze();
    const steps = stage.beats().length;
    await etcd.etcdctl("del", (await stage.keyOf("a")).key);
    await stage.beating(b);
    await a.event("killing");
    if (version === "v2") await until("it to be dead while it is frozen", () => !isAlive(command));
    freezer.thaw();
    await a.event("exited");
    const token = tokenOf(await a.event("elected"));
    t.same(
      stage
        .beats()
        .slice(steps)
        .filter((beat) => beat.token === token),
      [],
    );
    t.same(stage.violations(), []);
    await a.event("standby", { after: await a.event("rejoining") });
  });

  void t.test(
    `cgroup ${version}: a frozen command that is to stop is killed in the end, and makes no step`,
    needs,
    async (t) => {
      const stage = new Stage(t, etcd);
      const freezer = new Freezer(version, t);
      const a = await stage.leader("a", { args: ["--kill-after", "300ms"] });
      const b = await stage.standby("b");
      freezer.add(Number((await a.event("started")).pid));
      await freezer.freeze();
      const steps = stage.beats().length;
      a.kill("SIGTERM");
      await a.event("killing");
      // Of version 1 it stays there, and with it leadership.
      if (version === "v1") t.same(await stage.identities(), ["a", "b"]);
      if (version === "v1") freezer.thaw();
      t.match(await a.exitedWithin(), { code: 137 });
      await stage.beating(b);
      const token = tokenOf(await a.event("elected"));
      t.same(
        stage
          .beats()
          .slice(steps)
          .filter((beat) => beat.token === token),
        [],
      );
    },
  );
}

// What Ctrl-Z or `kill -STOP` of everything does.
for (const first of ["command", "guard"] as const) {
  void t.test(
    `all is stopped past the lease's end; the ${first} is the first to go on, and the command is killed`,
    async (t) => {
      const stage = new Stage(t, etcd, { ttl: TTL });
      const [a, b] = [await stage.leader("a"), await stage.standby("b")];
      const { command, guard, wrapper } = await processesOf(a);
      const goOn = first === "command" ? [command, guard, wrapper] : [guard, wrapper, command];
      await killedAfter(t, stage, a, b, stopping([command, guard, wrapper], goOn));
    },
  );
}

async function killedAfter(t: Test, stage: Stage, a: Wrapper, b: Wrapper, still: Standstill): Promise<void> {
  const elected = newest(a, "elected");
  const late = await lateSteps(stage, a, b, still);
  t.comment(said([late]));
  t.ok(late.lasted < MOMENT, `${late.lasted} ms`);
  t.match(await a.event("lost", { after: elected }), { reason: "expired" });
  t.match(await a.event("exited", { after: elected }), { signal: "SIGKILL" });
  await a.event("standby", { after: await a.event("rejoining") });
}
