import t from "tap";
import { startEtcd } from "../helpers/etcd-server.js";
import { fixture } from "../helpers/paths.js";
import { asPid1, namespaceOf, needsPid1 } from "../helpers/pid1.js";
import { processRow } from "../helpers/processes.js";
import { until } from "../helpers/until.js";
import { startWrapper, type Wrapper } from "../helpers/wrapper.js";

const ways = [
  ["PID 1", asPid1, needsPid1],
  ["another process", [], {}],
] as const;

/** The command's pid, and what sends a signal to the wrapper. */
async function parts(wrapper: Wrapper, under: readonly string[]) {
  const pid = Number((await wrapper.event("started"))["pid"]);
  if (under !== asPid1) return { pid, kill: (signal: NodeJS.Signals) => wrapper.kill(signal) };
  const namespace = await namespaceOf(wrapper);
  return { pid: namespace.outer(pid), kill: (signal: NodeJS.Signals) => namespace.kill(signal) };
}

const state = (pid: number, which: string) =>
  until(`${pid} to be ${which}`, () => which.includes(processRow(pid)?.state ?? "gone"));

for (const [who, under, options] of ways) {
  // Yelp/dumb-init#25, #85: in a session of its own the command is deaf to it.
  await t.test(`as ${who}: SIGTSTP stops the command and SIGCONT continues it`, options, async (t) => {
    const wrapper = startWrapper(["sleep", "300"], { t, under });
    const { pid, kill } = await parts(wrapper, under);
    for (let round = 0; round < 2; round++) {
      kill("SIGTSTP");
      await state(pid, "T");
      kill("SIGCONT");
      await state(pid, "RS");
    }
    kill("SIGTERM");
    t.match(await wrapper.exitedWithin(), { code: 143 });
  });

  // podman-container-tools/podman#18095: it was kept from it.
  await t.test(`as ${who}: a command that catches SIGTSTP gets it, once, and is not stopped`, options, async (t) => {
    const wrapper = startWrapper([fixture("signals.js"), "--exit-on", "SIGTERM"], { t, under });
    await wrapper.stdoutLine("ready");
    const { kill } = await parts(wrapper, under);
    for (const name of ["SIGTSTP", "SIGCONT", "SIGTERM"] as const) {
      kill(name);
      await wrapper.stdoutLine(name);
    }
    t.match(await wrapper.exitedWithin(), { code: 0 });
    t.equal(wrapper.stdout, "ready\nSIGTSTP\nSIGCONT\nSIGTERM\n");
  });

  // podman-container-tools/podman#8086
  await t.test(`as ${who}: a stopped command that is asked to stop does stop`, options, async (t) => {
    const wrapper = startWrapper([fixture("signals.js"), "--exit-on", "SIGTERM=9"], { t, under });
    await wrapper.stdoutLine("ready");
    const { pid, kill } = await parts(wrapper, under);
    process.kill(pid, "SIGSTOP");
    await state(pid, "T");
    kill("SIGTERM");
    t.match(await wrapper.exitedWithin(), { code: 9 });
    t.notOk(wrapper.events.some(({ event }) => event === "killing"));
  });
}

await t.test("renewals go on while the command is stopped", async (t) => {
  const cluster = await startEtcd({ t });
  const wrapper = startWrapper(["-vv", "-n", "jobs", "--ttl", "5s", ...cluster.flags, "sleep", "300"], { t });
  const { pid, kill } = await parts(wrapper, []);
  kill("SIGTSTP");
  await state(pid, "T");
  let renewed = await wrapper.event("renewed", { after: await wrapper.event("signal") });
  renewed = await wrapper.event("renewed", { after: renewed });
  t.ok(renewed);
  kill("SIGCONT");
  await state(pid, "RS");
  kill("SIGTERM");
  t.match(await wrapper.exitedWithin(), { code: 143 });
});
