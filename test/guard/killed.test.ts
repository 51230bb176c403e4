import t from "tap";
import { startEtcd } from "../helpers/etcd-server.js";
import { fixture } from "../helpers/paths.js";
import { isAlive } from "../helpers/processes.js";
import { until } from "../helpers/until.js";
import { startWrapper, type Wrapper } from "../helpers/wrapper.js";
import { Stage } from "../integration/stage.js";
import { guardsOf } from "./guard-of.js";

// Generous for a busy machine, and well under the 10 s after which the lease alone would let the next one lead.
const AT_ONCE = { timeoutMs: 5_000 };

// Each mostly waits.
t.jobs = 3;
const etcd = await startEtcd({ t });

const DAEMONS = [[], ["--clean-env"]];

for (const clean of DAEMONS) {
  void t.test(
    `a killed wrapper's command is killed, with its daemons ${clean.join()}; the next one leads`,
    async (t) => {
      const stage = new Stage(t, etcd);
      const a = await stage.leader("a", { command: [fixture("leaves-daemon.sh"), ...clean] });
      const b = await stage.standby("b");
      const workload = await processesOf(a);
      const { lease } = await stage.keyOf("a");
      a.kill("SIGKILL");
      await until("the end of the workload", () => workload.every((pid) => !isAlive(pid)), AT_ONCE);
      await stage.beating(b, AT_ONCE);
      t.match(await a.event("orphaned"), { level: "warn", wrapper: a.pid, processes: workload.length });
      t.match(await a.event("resigned"), { level: "info", lease, acknowledged: true });
      t.same(await stage.identities(), ["b"]);
      t.notOk((await stage.leases()).includes(lease));
      await until("the end of the guard", () => a.descendants().length === 0, AT_ONCE);
    },
  );
}

void t.test(
  "a killed wrapper's command does not beat once the next one does, also if it ignores SIGTERM",
  async (t) => {
    const stage = new Stage(t, etcd);
    const command = stage.workload("--ignore-term");
    let leader = await stage.leader("a", { command });
    for (const identity of ["b", "c", "d"]) {
      const next = await stage.standby(identity, { command });
      leader.kill("SIGKILL");
      await stage.beating(next, AT_ONCE);
      leader = next;
    }
    t.same(stage.violations(), []);
  },
);

void t.test("a killed standby leaves the queue at once", async (t) => {
  const stage = new Stage(t, etcd);
  const a = await stage.leader("a");
  const b = await stage.standby("b");
  const c = await stage.standby("c");
  b.kill("SIGKILL");
  await until("b to be gone", async () => (await stage.identities()).join() === "a,c", AT_ONCE);
  a.kill("SIGKILL");
  await stage.beating(c, AT_ONCE);
  t.same(stage.violations(), []);
});

void t.test("a command that is just being started when the wrapper is killed does not survive it", async (t) => {
  const stage = new Stage(t, etcd);
  for (let round = 0; round < 5; round++) {
    const a = stage.candidate("a");
    await a.event("elected");
    a.kill("SIGKILL");
    await until("the end of all", () => a.descendants().length === 0, AT_ONCE);
    t.same(await stage.keys(), []);
  }
});

void t.test(
  "without an election there is no guard, but on request: then the command dies with the wrapper",
  async (t) => {
    const alone = startWrapper([fixture("signals.js")], { t });
    await alone.stdoutLine("ready");
    t.same(guardsOf(alone.pid), []);
    const guarded = startWrapper(["--guard", "on", "--", fixture("leaves-daemon.sh")], { t });
    await guarded.stdoutLine("ready");
    const workload = await processesOf(guarded);
    t.equal(workload.length, 3);
    guarded.kill("SIGKILL");
    await until("the end of all", () => workload.every((pid) => !isAlive(pid)), AT_ONCE);
    t.match(await guarded.event("orphaned"), { processes: 3 });
  },
);

void t.test("--guard off: no guard, and a killed wrapper's command lives on", async (t) => {
  const stage = new Stage(t, etcd);
  const a = await stage.leader("a", { args: ["--guard", "off"] });
  t.same(guardsOf(a.pid), []);
  a.kill("SIGKILL");
  await a.exited;
  const { pid } = await stage.nextBeat();
  t.ok(isAlive(pid));
});

/** What a wrapper has started, but for its guard. */
async function processesOf(wrapper: Wrapper): Promise<number[]> {
  const { pid } = await wrapper.event("started");
  const printed = [...wrapper.stdout.matchAll(/^\w+ (\d+)$/gm)].map((match) => Number(match[1]));
  return [Number(pid), ...printed];
}
