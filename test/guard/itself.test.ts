import t from "tap";
import { startEtcd } from "../helpers/etcd-server.js";
import { isAlive, processRow, signalProcess } from "../helpers/processes.js";
import { until } from "../helpers/until.js";
import { runToEnd } from "../helpers/wrapper.js";
import { namesAfter, newest, renewals, Stage } from "../integration/stage.js";
import { guardOf, guardsOf } from "./guard-of.js";

const AT_ONCE = { timeoutMs: 5_000 };
/** Whatever may be sent to everybody at once: by a shell, by systemd, by a terminal. */
const SENT_TO_ALL = ["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGTSTP", "SIGALRM"] as const;

// Each mostly waits.
t.jobs = 3;
const etcd = await startEtcd({ t });

void t.test("the guard is there before the command, in a session of its own", async (t) => {
  const stage = new Stage(t, etcd);
  const a = await stage.leader("a");
  const b = await stage.standby("b");
  for (const { pid } of [a, b]) {
    const guard = processRow(await guardOf(pid));
    t.equal(guard?.session, guard?.pid);
    t.equal(guard?.pgid, guard?.pid);
  }
});

void t.test("the guard outlives what its wrapper heeds, and still guards", async (t) => {
  const stage = new Stage(t, etcd);
  const a = await stage.leader("a");
  const guard = await guardOf(a.pid);
  for (const name of SENT_TO_ALL) signalProcess(guard, name);
  await renewals(a, 2);
  t.same(
    guardsOf(a.pid).map(({ pid }) => pid),
    [guard],
  );
  t.notOk(processRow(guard)?.state === "T", "not stopped either");
  const { pid } = await stage.nextBeat();
  a.kill("SIGKILL");
  await until("the end of the command", () => !isAlive(pid), AT_ONCE);
});

void t.test("the guard ends with its wrapper, leading or not", async (t) => {
  const stage = new Stage(t, etcd);
  const a = await stage.leader("a");
  const b = await stage.standby("b");
  const guards = [await guardOf(a.pid), await guardOf(b.pid)];
  for (const wrapper of [b, a]) {
    wrapper.kill("SIGTERM");
    await wrapper.exitedWithin();
  }
  t.notOk(guards.some(isAlive), "gone before it, not after it");
  for (const { events } of [a, b]) t.notOk(events.some(({ event }) => ["guard-died", "orphaned"].includes(event)));
});

for (const signal of ["SIGKILL", "SIGSTOP"] as const) {
  void t.test(`a guard that gets ${signal} is replaced, and the command notices nothing`, async (t) => {
    const stage = new Stage(t, etcd, { ttl: 5 });
    const a = await stage.leader("a");
    const guard = await guardOf(a.pid);
    signalProcess(guard, signal);
    t.match(await a.event("guard-died"), { level: "warn", signal: "SIGKILL" });
    const successor = await guardOf(a.pid, guard);
    const last = newest(a, "guard-died");
    await renewals(a, 2);
    t.notOk(last && namesAfter(a, last).some((name) => ["lost", "guard-died", "exited"].includes(name)));
    // The successor knows what it must.
    const { pid } = await stage.nextBeat();
    const { lease } = await stage.keyOf("a");
    a.kill("SIGKILL");
    await until("the end of the command", () => !isAlive(pid), AT_ONCE);
    await until("the end of the lease", async () => !(await stage.leases()).includes(lease), AT_ONCE);
    t.not(successor, guard);
  });
}

void t.test("two guards that die within one period are a lost term", async (t) => {
  const stage = new Stage(t, etcd);
  const a = await stage.leader("a");
  const token = (await stage.nextBeat()).token;
  const renewed = await renewals(a, 1);
  const guard = await guardOf(a.pid);
  signalProcess(guard, "SIGKILL");
  signalProcess(await guardOf(a.pid, guard), "SIGKILL");
  const lost = await a.event("lost", { after: renewed });
  t.match(lost, { reason: "expired" });
  t.ok((await stage.beating(a, { after: lost })) > token, "and it is back");
  await guardOf(a.pid);
  t.same(stage.violations(), []);
});

void t.test("without a guard nothing is started: status 69, and one line", async (t) => {
  // Where the program that is Node has been taken away meanwhile.
  const env = { NODE_OPTIONS: "--import=data:text/javascript,process.execPath='/no/node'" };
  const ended = await runToEnd(["--guard", "on", "sh", "-c", "echo started"], { env, text: true });
  t.match(ended, { code: 69, stdout: "" });
  t.match(ended.stderr, /^while-leader: cannot start the guard: \/no\/node\n$/m);
});
