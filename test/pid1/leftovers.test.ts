import t from "tap";
import { startEtcd } from "../helpers/etcd-server.js";
import { fixture } from "../helpers/paths.js";
import { asPid1, namespaceOf, needsPid1 } from "../helpers/pid1.js";
import { isAlive, processRow } from "../helpers/processes.js";
import { until } from "../helpers/until.js";
import { startWrapper, type Wrapper } from "../helpers/wrapper.js";

t.jobs = 5;

const leaves = fixture("leaves-saver.sh");

/** The pid of what is to be left behind, as it is known here. */
async function saver(wrapper: Wrapper, under: readonly string[]): Promise<number> {
  const pid = Number((await wrapper.stdoutLine(/^saver /)).split(" ")[1]);
  return under === asPid1 ? (await namespaceOf(wrapper)).outer(pid) : pid;
}

// krallin/tini#180, Yelp/dumb-init#212: the wrapper leaves with its child; Yelp/dumb-init#191: who has a session of its own hears
// nothing; podman-container-tools/podman#8086: who is stopped is never woken to end.
for (const [who, under, options] of [
  ["PID 1", asPid1, needsPid1],
  ["another process", [], {}],
] as const) {
  for (const how of ["job", "setsid", "double", "bare", "stopped"]) {
    void t.test(`as ${who}: what is left (${how}) is asked to end and gets its second`, { ...options }, async (t) => {
      const wrapper = startWrapper([leaves, how], { t, under, stdin: "pipe" });
      const pid = await saver(wrapper, under);
      if (how === "stopped") await until("it to be stopped", () => processRow(pid)?.state === "T");
      wrapper.stdin?.write("\n");
      t.match(await wrapper.exitedWithin(), { code: 3 });
      t.match(wrapper.stdout, /^saved$/m);
      t.notOk(isAlive(pid));
      t.notOk(wrapper.events.some(({ event }) => event === "killing"));
    });
  }
}

await t.test("in an election leadership is given back when the last of them has ended", async (t) => {
  const cluster = await startEtcd({ t });
  const wrapper = startWrapper(["-n", "jobs", ...cluster.flags, leaves, "bare"], { t, stdin: "pipe" });
  const pid = await saver(wrapper, []);
  wrapper.stdin?.write("\n");
  await wrapper.event("resigned");
  t.notOk(isAlive(pid));
  t.match(await wrapper.exitedWithin(), { code: 3 });
  t.match(wrapper.stdout, /^saved$/m);
});
