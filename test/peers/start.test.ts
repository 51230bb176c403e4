import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import t, { type Test } from "tap";
import { startEtcd } from "../helpers/etcd-server.js";
import { projectPath } from "../helpers/paths.js";
import { asPid1, needsPid1 } from "../helpers/pid1.js";
import { until } from "../helpers/until.js";
import { runToEnd, startWrapper, type Wrapper } from "../helpers/wrapper.js";
import { mask } from "./proc.js";
import { count, reach, WAYS } from "./ways.js";

t.jobs = 2;

const entry = projectPath("dist/test/peers/launches.js");
const stops = "phusion/baseimage-docker#315, #274, #151, just-containers/s6-overlay#499";

/** However far it had come when it was stopped, nothing was started after that, and nothing of it is left. */
async function ended(t: Test, wrapper: Wrapper, when: string): Promise<void> {
  t.match(await wrapper.exitedWithin(), { code: 143 }, when);
  const order = wrapper.events.map(({ event }) => event);
  if (order.includes("started")) t.ok(order.indexOf("started") < order.indexOf("stopping"), when);
  else t.notOk(order.includes("exited"), when);
  t.same(wrapper.descendants(), [], when);
}

for (const [who, under, options] of WAYS) {
  void t.test(
    `as ${who}: a command that ends at once is seen to (Yelp/dumb-init#102, #104)`,
    { ...options },
    async (t) => {
      const commands = Array.from({ length: 150 }, (_, index) => [index % 3 ? "true" : "/no/such/command"]);
      const { stdout } = await runToEnd([JSON.stringify(commands)], { entry, under, timeoutMs: 40_000 });
      const statuses = commands.map(([file]) => (file === "true" ? 0 : 127));
      t.equal(stdout, `${JSON.stringify(statuses)}\nnone left\n`);
    },
  );

  void t.test(`as ${who}: a stop at any moment of the start is the end (${stops})`, { ...options }, async (t) => {
    // From when signals are caught (before that PID 1 does not get them) to when the command is there.
    for (const delay of [0, 70, 140, 210]) {
      const wrapper = startWrapper(["--kill-after", "60s", "sleep", "300"], { t, under });
      const { pid, kill } = await reach(wrapper, under);
      await until("signals to be caught", () => mask(pid, "SigCgt").has("SIGWINCH"), { everyMs: 1 });
      await pause(delay);
      kill("SIGTERM");
      await ended(t, wrapper, `${delay} ms`);
    }
  });
}

void t.test(`in an election: a stop at any moment of the start is the end (${stops})`, async (t) => {
  const cluster = await startEtcd({ t });
  for (const moment of ["starting", "connected", "elected", "started"]) {
    const args = ["-n", "jobs", "--kill-after", "60s", ...cluster.flags, "sleep", "300"];
    const wrapper = startWrapper(args, { t });
    await wrapper.event(moment);
    wrapper.kill("SIGTERM");
    await ended(t, wrapper, moment);
    t.equal((await cluster.etcdctl("get", "--prefix", "")).stdout, "", "no key is left");
  }
});

void t.test(
  "as PID 1: a command that cannot be executed is said so, by a status of its own (Yelp/dumb-init#32, #81, krallin/tini#59, phusion/baseimage-docker#420)",
  { ...needsPid1 },
  async (t) => {
    const folder = t.testdir({ plain: "#!/bin/sh\n" });
    for (const [file, status] of [
      [join(folder, "plain"), 126],
      [join(folder, "absent"), 127],
    ] as const) {
      const { code, events } = await runToEnd(["--", file, "--flag"], { under: asPid1 });
      t.equal(code, status);
      const failed = events.find(({ level }) => level === "error");
      t.ok(String(failed?.["error"]).startsWith(`cannot run ${file}: `), String(failed?.["error"]));
      t.equal(count({ events }, "started"), 0);
    }
  },
);

void t.test(
  "as PID 1: stdin is the command's without a terminal too (just-containers/s6-overlay#413)",
  { ...needsPid1 },
  async (t) => {
    const { code, stdout } = await runToEnd(["sh"], { under: asPid1, stdin: { text: "echo hi\nexit 4\n" } });
    t.match({ code, stdout }, { code: 4, stdout: "hi\n" });
  },
);

void t.test(
  "a script whose interpreter is missing is not said to be missing itself (Yelp/dumb-init#81, krallin/tini#59)",
  async (t) => {
    const script = join(t.testdir(), "script");
    writeFileSync(script, "#!/no/such/interpreter\n", { mode: 0o755 });
    const { code, events } = await runToEnd(["--", script]);
    t.equal(code, 127, "as in a shell");
    const error = String(events.find(({ level }) => level === "error")?.["error"]);
    t.match(error, /^cannot run .*\/script: /);
    t.notMatch(error, /script: not found$/);
  },
);
