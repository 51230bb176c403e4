import t, { type Test } from "tap";
import { startEtcd } from "../helpers/etcd-server.js";
import { fixture } from "../helpers/paths.js";
import { asPid1, needsPid1 } from "../helpers/pid1.js";
import { startProxy } from "../helpers/tcp-proxy.js";
import { until } from "../helpers/until.js";
import { startWrapper, type Wrapper } from "../helpers/wrapper.js";
import { Stage } from "../integration/stage.js";
import { takesItsTime, trapOf } from "./bug-of-ours.js";

const BUG = 70;
// Generous for a busy machine, and well under the 10 s after which the lease alone would let the next one lead.
const LIMIT = { timeoutMs: 5_000 };

// Each mostly waits.
t.jobs = 3;
const etcd = await startEtcd({ t });

for (const [how, under, needs, kind] of [
  ["as PID 1", asPid1, needsPid1, "exceptions"],
  ["not as PID 1", [], {}, "rejection"],
] as const) {
  void t.test(
    `${how}, ${kind} of ours: the command is asked to end and may take its time; 70`,
    { ...needs },
    async (t) => {
      const trap = trapOf(t, kind);
      const { command, save } = takesItsTime(t);
      const wrapper = startWrapper(command, { t, under, env: trap.env });
      await wrapper.stdoutLine("ready");
      trap.spring();
      await wrapper.stdoutLine("asked");
      t.match(await wrapper.event("bug"), { level: "error", error: /^Error: an? \w+ of a bug\n +at / });
      const stopping = await wrapper.event("stopping");
      t.equal(stopping["cause"], "bug");
      t.ok(Number(stopping["kill-in"]) > 7_000, `${String(stopping["kill-in"])} of 8 s`);
      save();
      t.match(await wrapper.exitedWithin(), { code: BUG });
      t.equal(wrapper.stdout, "ready\nasked\nsaved\n");
      t.match(wrapper.events.at(-1), { event: "exiting", status: BUG });
    },
  );

  void t.test(
    `${how}, a bug of ours while leading: the next one leads when the command has ended`,
    { ...needs },
    async (t) => {
      const stage = new Stage(t, etcd);
      const trap = trapOf(t, "exception");
      const { command, save } = takesItsTime(t);
      const standing = ["-n", stage.election, "--identity", "a", ...etcd.flags];
      const a = startWrapper([...standing, "--", ...command], { t, under, env: trap.env });
      await a.stdoutLine("ready");
      const b = await stage.standby("b");
      trap.spring();
      await a.stdoutLine("asked");
      t.same(await stage.identities(), ["a", "b"], "while the command lives the key stands");
      save();
      t.match(await a.exitedWithin(), { code: BUG });
      t.match(await a.event("resigned"), { acknowledged: true });
      await stage.beating(b, LIMIT);
      t.same(await stage.identities(), ["b"]);
    },
  );
}

void t.test(
  "a bug of ours: what ignores SIGTERM, and what was left behind, is killed after --kill-after",
  async (t) => {
    for (const command of [fixture("ignore-term.sh"), fixture("leaves-daemon.sh")]) {
      const trap = trapOf(t, "rejection");
      const wrapper = startWrapper(["--kill-after", "300ms", "--", command], { t, env: trap.env });
      await wrapper.stdoutLine("ready");
      trap.spring();
      t.match(await wrapper.exitedWithin(), { code: BUG });
      t.ok(wrapper.events.some(({ event }) => event === "killing"));
      t.same(wrapper.descendants(), []);
    }
  },
);

void t.test(
  "a bug of ours while the command is stopping: it may still take its time, and is not asked again",
  async (t) => {
    const trap = trapOf(t, "exception");
    const { command, save } = takesItsTime(t);
    const wrapper = startWrapper(command, { t, env: trap.env });
    await wrapper.stdoutLine("ready");
    wrapper.kill("SIGTERM");
    await wrapper.stdoutLine("asked");
    trap.spring();
    await wrapper.event("bug");
    save();
    t.match(await wrapper.exitedWithin(), { code: BUG });
    t.equal(wrapper.stdout, "ready\nasked\nsaved\n");
  },
);

void t.test("a bug of ours in standby: out of the queue, 70", async (t) => {
  const stage = new Stage(t, etcd);
  const trap = trapOf(t, "rejection");
  await stage.leader("a");
  const b = await stage.standby("b", { env: trap.env });
  trap.spring();
  t.match(await b.exitedWithin(LIMIT.timeoutMs), { code: BUG });
  t.same(await stage.identities(), ["a"]);
  neverStarted(t, b);
});

void t.test("a bug of ours while etcd is silent: 70 at once", async (t) => {
  const proxy = await startProxy(etcd.member.clientPort, { t });
  proxy.swallow();
  const trap = trapOf(t, "exception");
  const patient = ["--dial-timeout", "30s", "--command-timeout", "30s"];
  const a = new Stage(t, etcd).candidate("a", { endpoints: proxy.url, args: patient, env: trap.env });
  await until("the first attempt", () => proxy.connections > 0);
  trap.spring();
  t.match(await a.exitedWithin(LIMIT.timeoutMs), { code: BUG });
  neverStarted(t, a);
});

void t.test("a bug of ours is told with its stack, line by line where the log is text", async (t) => {
  const trap = trapOf(t, "exception");
  const wrapper = startWrapper([fixture("signals.js"), "--exit-on", "SIGTERM"], { t, env: trap.env, text: true });
  await wrapper.stdoutLine("ready");
  trap.spring();
  t.match(await wrapper.exitedWithin(), { code: BUG });
  t.match(wrapper.stderr, /^while-leader: Error: an exception of a bug\n +at .*has-bug\.js/m);
});

function neverStarted(t: Test, wrapper: Wrapper): void {
  t.notOk(wrapper.events.some(({ event }) => event === "started"));
  t.ok(wrapper.events.some(({ event, error }) => event === "bug" && String(error).includes("\n    at ")));
}
