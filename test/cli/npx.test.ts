import t from "tap";
import { startEtcd } from "../helpers/etcd-server.js";
import { isAlive, signalProcess } from "../helpers/processes.js";
import { until } from "../helpers/until.js";
import type { Wrapper } from "../helpers/wrapper.js";
import { allGone, BEATS, needs, NPX, Package, parentOf } from "./npm.js";

const npx = await needs("npx");
const here = new Package(t);

await t.test("a signal to npx or to its shell ends the command and hands over", npx, async (t) => {
  const cluster = await startEtcd({ t });
  // With such a lease nobody else is elected unless it is given back.
  const candidate = () => here.start(t, NPX, ["-n", "jobs", "--ttl", "60s", ...cluster.flags, ...BEATS]);
  const queue = [candidate(), candidate()];
  let leader = await next(queue, "elected");
  for (const target of ["npx", "its shell"] as const) {
    for (const signal of ["SIGTERM", "SIGINT", "SIGHUP", "SIGKILL"] as const) {
      const command = Number((await leader.event("started")).pid);
      const pid = target === "npx" ? leader.pid : await parentOf(leader);
      if (target === "its shell" && pid === leader.pid) return t.comment("no shell stays between npx and us here");
      queue.splice(queue.indexOf(leader), 1, candidate());
      await next(queue, "standby");
      signalProcess(pid, signal);
      const heir = await next(queue, "elected");
      t.notOk(isAlive(command), `${signal} to ${target}: the command is gone before the next one leads`);
      await allGone(leader);
      leader = heir;
    }
  }
});

await t.test("npx in the background outlives the shell that it was typed into", npx, async (t) => {
  const under = ["sh", "-c", 'nohup "$@" & read line', "sh"];
  const wrapper = here.start(t, NPX, BEATS, { under, stdin: "pipe" });
  await wrapper.stdoutLine("beat");
  wrapper.stdin?.write("end\n");
  await wrapper.exitedWithin();
  const before = wrapper.stdout.length;
  await until("a second of beats", () => wrapper.stdout.length > before + 10 * "beat\n".length);
  t.notOk(wrapper.events.some(({ event }) => event === "stopping"));
});

/** The first candidate with such an event. */
function next(queue: readonly Wrapper[], name: string): Promise<Wrapper> {
  const has = ({ events }: Wrapper) => events.some(({ event }) => event === name);
  return until(`a candidate that is ${name}`, () => queue.find(has), { timeoutMs: 20_000, everyMs: 5 });
}
