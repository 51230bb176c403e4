import { readFileSync } from "node:fs";
import { constants } from "node:os";
import t from "tap";
import { fixture } from "../helpers/paths.js";
import { until } from "../helpers/until.js";
import { startWrapper, type Wrapper } from "../helpers/wrapper.js";

const command = fixture("signals.js");
const signalled = (wrapper: Wrapper) => wrapper.stdout.split("\n").filter((line) => line.startsWith("SIG"));

await t.test("signals that are not for stopping reach the command, each once and in order", async (t) => {
  const wrapper = startWrapper([command, "--exit-on", "SIGTERM=7"], { t });
  await wrapper.stdoutLine("ready");
  const names = [
    "SIGHUP",
    "SIGUSR1",
    "SIGUSR2",
    "SIGWINCH",
    "SIGQUIT",
    "SIGCONT",
    "SIGALRM",
    "SIGURG",
    "SIGIO",
  ] as const;
  for (const name of names) {
    wrapper.kill(name);
    await wrapper.stdoutLine(name);
    await wrapper.event("signal", { where: ({ signal, to }) => signal === name && to === "command" });
  }
  wrapper.kill("SIGTERM");
  t.match(await wrapper.exitedWithin(), { code: 7 });
  t.same(signalled(wrapper), [...names, "SIGTERM"]);
  t.notMatch(wrapper.stderr, /Debugger|inspector/, "SIGUSR1 opens no inspector");
});

await t.test("SIGTERM and SIGINT stop the command, which may take its time and choose its status", async (t) => {
  for (const name of ["SIGTERM", "SIGINT"] as const) {
    const wrapper = startWrapper([command, "--exit-on", `${name}=9`], { t });
    await wrapper.stdoutLine("ready");
    wrapper.kill(name);
    t.match(await wrapper.exitedWithin(), { code: 9 });
    t.match(await wrapper.event("stopping"), { cause: name });
    t.same(signalled(wrapper), [name]);
  }
});

// npm/npm-lifecycle#52: only the first was passed on; just-containers/s6-overlay#459: it became another one.
await t.test("a second stop signal is passed on like the first, and prolongs nothing", async (t) => {
  const wrapper = startWrapper([command, "--exit-on", "SIGINT=9"], { t });
  await wrapper.stdoutLine("ready");
  for (const name of ["SIGTERM", "SIGHUP", "SIGTERM", "SIGINT"] as const) {
    const before = signalled(wrapper).length;
    wrapper.kill(name);
    if (name !== "SIGINT") await wrapper.stdoutLine(() => signalled(wrapper).length > before);
  }
  t.match(await wrapper.exitedWithin(), { code: 9 });
  t.same(signalled(wrapper), ["SIGTERM", "SIGHUP", "SIGTERM", "SIGINT"]);
  t.equal(wrapper.events.filter(({ event }) => event === "stopping").length, 1);
});

await t.test("--stop-on says which signals stop, --stop-with what the command gets instead", async (t) => {
  const options = ["--stop-on", "USR1,HUP", "--stop-with", "QUIT"];
  const wrapper = startWrapper([...options, command, "--exit-on", "SIGQUIT=9"], { t });
  await wrapper.stdoutLine("ready");
  wrapper.kill("SIGTERM");
  await wrapper.stdoutLine("SIGTERM");
  t.notOk(
    wrapper.events.some(({ event }) => event === "stopping"),
    "SIGTERM is now one like others",
  );
  wrapper.kill("SIGUSR1");
  t.match(await wrapper.exitedWithin(), { code: 9 });
  t.same(signalled(wrapper), ["SIGTERM", "SIGQUIT"]);
  t.match(await wrapper.event("signal", { where: ({ signal }) => signal === "SIGQUIT" }), { to: "command" });
});

// krallin/tini#15
await t.test("without -g a signal is for the command alone, with it for its whole group", async (t) => {
  // A shell that outlives SIGUSR1, and a child in its group that says so.
  const script = `trap 'echo shell' USR1; ${process.execPath} ${command} & echo "child $!"; while :; do wait; done`;
  for (const group of [false, true]) {
    const wrapper = startWrapper([...(group ? ["-g"] : []), "sh", "-c", script], { t });
    await wrapper.stdoutLine("ready");
    wrapper.kill("SIGUSR1");
    await wrapper.stdoutLine("shell");
    t.match(await wrapper.event("signal"), { signal: "SIGUSR1", to: group ? "group" : "command" });
    if (group) await wrapper.stdoutLine("SIGUSR1");
    // Had the child got it, it would have said so before it answers the next one.
    const child = Number((await wrapper.stdoutLine(/^child /)).split(" ")[1]);
    process.kill(child, "SIGUSR2");
    await wrapper.stdoutLine("SIGUSR2");
    t.same(signalled(wrapper), group ? ["SIGUSR1", "SIGUSR2"] : ["SIGUSR2"]);
    await wrapper.end();
  }
});

// phusion/baseimage-docker#315, #274
await t.test("a signal that comes while the program is still being loaded is not lost", async (t) => {
  for (const name of ["SIGTERM", "SIGINT"] as const) {
    const wrapper = startWrapper(["-v", command, "--exit-on", name], { t });
    await catches(wrapper, "SIGWINCH"); // the last of those named here; Node itself catches SIGTERM and SIGINT earlier
    wrapper.kill(name);
    t.match(await wrapper.exitedWithin(), { code: 128 + constants.signals[name] });
    t.notOk(wrapper.events.some(({ event }) => event === "started"));
  }
});

async function catches({ pid }: Wrapper, name: NodeJS.Signals): Promise<void> {
  const bit = 1n << BigInt(constants.signals[name] - 1);
  const caught = () => /^SigCgt:\s*(\w+)/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1] ?? "0";
  await until(`${name} to be caught`, () => (BigInt(`0x${caught()}`) & bit) !== 0n, { everyMs: 1 });
}
