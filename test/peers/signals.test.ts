import { chmodSync, copyFileSync } from "node:fs";
import { join } from "node:path";
import t, { type Test } from "tap";
import { runCommand } from "../helpers/command.js";
import { fixture } from "../helpers/paths.js";
import { asPid1, needsPid1, needsRoot } from "../helpers/pid1.js";
import { processRow } from "../helpers/processes.js";
import { until } from "../helpers/until.js";
import { runToEnd, startWrapper, type Wrapper } from "../helpers/wrapper.js";
import { mask } from "./proc.js";
import { count, reach, WAYS } from "./ways.js";

t.jobs = 2;

const command = fixture("signals.js");
const signalled = ({ stdout }: Pick<Wrapper, "stdout">) => stdout.match(/^SIG\w+$/gm) ?? [];
const stopped = (pid: number) => until(`${pid} to be stopped`, () => processRow(pid)?.state === "T");

void t.test(
  "what was stopped through it stops for good when asked to (podman-container-tools/podman#8086)",
  async (t) => {
    const wrapper = startWrapper(["--kill-after", "60s", "sleep", "300"], { t });
    const pid = Number((await wrapper.event("started"))["pid"]);
    wrapper.kill("SIGTSTP");
    await stopped(pid);
    wrapper.kill("SIGTERM");
    t.match(await wrapper.exitedWithin(), { code: 143 });
  },
);

for (const [who, under, options] of WAYS) {
  void t.test(
    `as ${who}: what comes while it is stopped itself acts when it goes on (podman-container-tools/podman#8086)`,
    { ...options },
    async (t) => {
      const wrapper = startWrapper([command, "--exit-on", "SIGUSR2=9"], { t, under });
      await wrapper.stdoutLine("ready");
      const { pid } = await reach(wrapper, under);
      process.kill(pid, "SIGSTOP");
      await stopped(pid);
      const names = ["SIGHUP", "SIGUSR1", "SIGTERM"] as const;
      for (const name of names) process.kill(pid, name);
      process.kill(pid, "SIGCONT");
      for (const name of [...names, "SIGCONT"]) await wrapper.stdoutLine(name);
      process.kill(pid, "SIGUSR2");
      t.match(await wrapper.exitedWithin(), { code: 9 });
      t.same(signalled(wrapper).toSorted(), [...names, "SIGCONT", "SIGUSR2"].toSorted());
    },
  );

  void t.test(
    `as ${who}: without -g workers are asked to end by their parent alone (sapcc/helm-charts#11680, fpco/pid1#10)`,
    { ...options },
    async (t) => {
      const wrapper = startWrapper([fixture("prefork.pl")], { t, under });
      await wrapper.stdoutLine("ready");
      const { pid: server } = await wrapper.event("started");
      (await reach(wrapper, under)).kill("SIGTERM");
      t.match(await wrapper.exitedWithin(), { code: 0 });
      const wrapperPid = Number((await wrapper.event("starting"))["pid"]);
      const asked = [`server ${wrapperPid}`, ...Array.from({ length: 3 }, () => `worker ${String(server)}`)];
      t.equal(wrapper.stdout, `ready\n${asked.join("\n")}\ndone\n`);
    },
  );

  void t.test(
    `as ${who}: a signal that it may not send is said, and ends nothing (krallin/tini#9, openclaw/openclaw#126488)`,
    { ...needsRoot },
    async (t) => {
      // The command is another user's: to become that it goes through a setuid program, as sudo is.
      const become = join(t.testdir(), "setpriv");
      copyFileSync((await runCommand("sh", ["-c", "command -v setpriv"])).stdout.trim(), become);
      chmodSync(become, 0o4755);
      chmodSync(t.testdirName, 0o755);
      const [nobody, root] = [65534, 0].map((id) => [`--reuid=${id}`, `--regid=${id}`, "--clear-groups"]);
      const script = [become, ...(root ?? []), "sh", "-c", "echo ready; read line; exit 5"];
      const drop = [...under, "setpriv", ...(nobody ?? [])];
      const wrapper = startWrapper(["--kill-after", "200ms", ...script], { t, under: drop, stdin: "pipe" });
      await wrapper.stdoutLine("ready");
      const { kill } = await reach(wrapper, under);
      for (const name of ["SIGHUP", "SIGTERM"] as const) {
        kill(name);
        t.match(await wrapper.event("signal", { where: ({ signal }) => signal === name }), { to: "nobody" });
      }
      await wrapper.event("killing");
      wrapper.stdin?.write("\n");
      t.match(await wrapper.exitedWithin(), { code: 5 });
      t.equal(count(wrapper, "bug"), 0);
    },
  );

  void t.test(
    `as ${who}: it listens to no signal that means a fault, a profiler's tick or a closed pipe (tapjs/signal-exit#40, #21, #19)`,
    { ...options },
    async (t) => {
      const wrapper = startWrapper(["sleep", "300"], { t, under });
      await wrapper.event("started");
      const { pid, kill } = await reach(wrapper, under);
      // The terminal's is the last that koffi changes.
      await until("SIGTTOU to be ignored", () => mask(pid, "SigIgn").has("SIGTTOU"));
      // Node itself listens to SIGSEGV and passes it on to its own end.
      const faults = ["SIGBUS", "SIGFPE", "SIGILL", "SIGTRAP", "SIGSYS", "SIGABRT", "SIGPROF", "SIGTTIN", "SIGTTOU"];
      t.same(
        [...faults, "SIGPIPE"].filter((name) => mask(pid, "SigCgt").has(name)),
        [],
      );
      t.ok(mask(pid, "SigIgn").has("SIGPIPE"));
      kill("SIGTERM");
      t.match(await wrapper.exitedWithin(), { code: 143 });
    },
  );
}

for (const [how, options] of [
  ["without -g", []],
  ["with -g", ["-g"]],
] as const) {
  void t.test(`${how} the whole workload is stopped, and goes on (Yelp/dumb-init#25, #85)`, async (t) => {
    await stopsAll(t, options);
  });
}

/** What the terminal's Ctrl-Z would do, where there is none. */
async function stopsAll(t: Test, options: readonly string[]): Promise<void> {
  const wrapper = startWrapper([...options, "sh", "-c", "sleep 300 & echo $!; wait"], { t });
  const job = Number(await wrapper.stdoutLine(/^\d+$/));
  const pids = [Number((await wrapper.event("started"))["pid"]), job];
  wrapper.kill("SIGTSTP");
  for (const pid of pids) await stopped(pid);
  t.not(processRow(wrapper.pid)?.state, "T");
  wrapper.kill("SIGCONT");
  for (const pid of pids) await until(`${pid} to go on`, () => processRow(pid)?.state !== "T");
  wrapper.kill("SIGTERM");
  t.match(await wrapper.exitedWithin(), { code: 143 });
}

void t.test("a fault of its own ends it (tapjs/signal-exit#40, npm/npm#13782)", async (t) => {
  const wrapper = startWrapper(["sleep", "300"], { t });
  await wrapper.event("started");
  wrapper.kill("SIGSEGV");
  t.match(await wrapper.exitedWithin(), { code: null, signal: "SIGSEGV" });
});

void t.test("a command whose reader has gone dies of SIGPIPE (tapjs/signal-exit#19)", async (t) => {
  const under = ["sh", "-c", '"$@" | head -n 1', "sh"];
  const { stdout, events } = await runToEnd(["yes"], { under });
  t.equal(stdout, "y\n");
  t.match(events.at(-1), { event: "exiting", status: 141 });
});

void t.test("a signal for a command that has ended changes nothing (krallin/tini#9)", async (t) => {
  // What it leaves keeps while-leader here.
  const script = `trap '' HUP; ${fixture("ignore-term.sh")} & read line; exit 9`;
  const wrapper = startWrapper(["--kill-after", "1s", "sh", "-c", script], { t, stdin: "pipe" });
  await wrapper.stdoutLine("ready");
  wrapper.stdin?.write("\n");
  await wrapper.event("exited");
  wrapper.kill("SIGHUP");
  t.match(await wrapper.event("signal"), { signal: "SIGHUP", to: "nobody" });
  t.match(await wrapper.exitedWithin(), { code: 9 });
  t.equal(count(wrapper, "bug"), 0);
});

void t.test(
  "as PID 1: no signal becomes another one, and none is the last (just-containers/s6-overlay#459, #356, npm/npm-lifecycle#52)",
  { ...needsPid1 },
  async (t) => {
    const wrapper = startWrapper([command, "--exit-on", "SIGUSR1=9"], { t, under: asPid1 });
    await wrapper.stdoutLine("ready");
    const { kill } = await reach(wrapper, asPid1);
    const names = ["SIGTERM", "SIGTERM", "SIGINT", "SIGHUP", "SIGTERM", "SIGUSR1"] as const;
    for (const [index, name] of names.entries()) {
      kill(name);
      await until(`${name} to arrive`, () => signalled(wrapper).length > index);
    }
    t.match(await wrapper.exitedWithin(), { code: 9 });
    t.same(signalled(wrapper), names);
  },
);

void t.test(
  "as PID 1: a command without a handler is not immune to signals as it would be alone (krallin/tini#204, docker/cli#3909)",
  { ...needsPid1 },
  async (t) => {
    const wrapper = startWrapper(["sleep", "300"], { t, under: asPid1 });
    await wrapper.event("started");
    const { kill } = await reach(wrapper, asPid1);
    for (const name of ["SIGWINCH", "SIGURG", "SIGCONT", "SIGUSR2"] as const) {
      kill(name);
      const passed = await wrapper.event("signal", { where: ({ signal }) => signal === name });
      t.match(passed, { to: "command" });
    }
    t.match(await wrapper.exitedWithin(), { code: 140 });
  },
);

void t.test("as PID 1: with -g a shell's child gets the signal too (krallin/tini#15)", { ...needsPid1 }, async (t) => {
  const script = `${process.execPath} ${command} --exit-on SIGINT; true`;
  const wrapper = startWrapper(["-g", "--kill-after", "60s", "sh", "-c", script], { t, under: asPid1 });
  await wrapper.stdoutLine("ready");
  (await reach(wrapper, asPid1)).kill("SIGINT");
  t.match(await wrapper.exitedWithin(), { code: 130 });
  t.same(signalled(wrapper), ["SIGINT"]);
});
