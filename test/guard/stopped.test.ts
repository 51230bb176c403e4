import t from "tap";
import { startEtcd } from "../helpers/etcd-server.js";
import { asPid1, namespaceOf, needsPid1 } from "../helpers/pid1.js";
import { isAlive } from "../helpers/processes.js";
import { until } from "../helpers/until.js";
import { startWrapper } from "../helpers/wrapper.js";
import { monotonic, namesAfter, newest, newestValidity, Stage, tokenOf, WIDE_MARGIN } from "../integration/stage.js";
import { trapOf } from "../pid1/bug-of-ours.js";

const TTL = 3;
const LOST_STATUS = 75;

// Each waits for a lease to run out.
t.jobs = 3;
const etcd = await startEtcd({ t });

void t.test("a stopped wrapper's command is killed in time; it goes on as after any lost term", async (t) => {
  const stage = new Stage(t, etcd, { ttl: TTL });
  const options = { command: stage.workload("--ignore-term"), args: ["--kill-after", "500ms", ...WIDE_MARGIN] };
  const a = await stage.leader("a", options);
  const token = tokenOf(await a.event("elected"));
  const b = await stage.standby("b", options);
  a.kill("SIGSTOP");
  await stage.beating(b);
  const renewed = newestValidity(a);
  const last = stage.beats().findLast((beat) => beat.token === token);
  t.ok((last?.at ?? Infinity) < monotonic(renewed) + Number(renewed.left), "no beat past the validity");
  t.ok(isAlive(a.pid), "it is still there, stopped");
  a.kill("SIGCONT");
  const standby = await a.event("standby");
  const told = namesAfter(a, renewed);
  for (const name of ["guard-fired", "lost", "exited", "resigned", "rejoining"])
    t.equal(told.filter((each) => each === name).length, 1, name);
  t.match(await a.event("exited"), { signal: "SIGKILL" });
  b.kill("SIGTERM");
  await stage.beating(a, { after: standby });
  t.same(stage.violations(), []);
});

void t.test(
  "a stopped wrapper that goes on ends in status 75 with --on-lost exit, not with the command's",
  async (t) => {
    const stage = new Stage(t, etcd, { ttl: TTL });
    const a = await stage.leader("a", { args: ["--on-lost", "exit", ...WIDE_MARGIN] });
    const { pid } = await stage.nextBeat();
    a.kill("SIGSTOP");
    await until("the end of the command", () => !isAlive(pid));
    a.kill("SIGCONT");
    t.match(await a.exitedWithin(), { code: LOST_STATUS });
  },
);

void t.test("a wrapper that was stopped for less than its validity goes on as if nothing had been", async (t) => {
  const stage = new Stage(t, etcd);
  const a = await stage.leader("a");
  const last = newest(a, "renewed");
  a.kill("SIGSTOP");
  await stage.nextBeat();
  a.kill("SIGCONT");
  await a.event("renewed", { after: last });
  t.notOk(a.events.some(({ event }) => ["lost", "guard-fired", "guard-died"].includes(event)));
});

void t.test("a wrapper that is stuck in a loop: its command is killed in time, and the next one leads", async (t) => {
  const stage = new Stage(t, etcd, { ttl: TTL });
  const trap = trapOf(t, "loop");
  const options = { command: stage.workload("--ignore-term"), args: WIDE_MARGIN };
  const a = await stage.leader("a", { ...options, env: trap.env });
  const b = await stage.standby("b", options);
  trap.spring();
  await stage.beating(b);
  t.notOk(a.hasExited);
  t.same(stage.violations(), []);
});

void t.test(
  "a PID 1 that is stopped: its command is killed in time, who was let in is not",
  { ...needsPid1 },
  async (t) => {
    const stage = new Stage(t, etcd, { ttl: TTL });
    const args = ["-vv", "-n", stage.election, "--identity", "a", "--ttl", `${TTL}s`, ...WIDE_MARGIN, ...etcd.flags];
    const a = startWrapper([...args, "--", ...stage.workload("--ignore-term")], { t, under: asPid1 });
    await stage.beating(a);
    const b = await stage.standby("b", { args: WIDE_MARGIN });
    const space = await namespaceOf(a);
    const guest = space.enter(["sleep", "300"], t);
    await until("the guest", () => space.members().length >= 4);
    space.kill("SIGSTOP");
    await stage.beating(b);
    t.notOk(guest.hasExited, "the guest of the container");
    space.kill("SIGCONT");
    await a.event("rejoining");
    t.same(stage.violations(), []);
  },
);
