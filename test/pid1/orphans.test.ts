import t from "tap";
import { fixture } from "../helpers/paths.js";
import { asPid1, namespaceOf, needsPid1, type Namespace } from "../helpers/pid1.js";
import { isLiving } from "../helpers/processes.js";
import { until } from "../helpers/until.js";
import { startWrapper } from "../helpers/wrapper.js";

const signals = [process.execPath, fixture("signals.js")];
const zombies = (namespace: Namespace) => namespace.members().filter((row) => !isLiving(row));

// Yelp/dumb-init#44, #203: one wait for each SIGCHLD; libuv/libuv#4179: an event loop that waits for its own children alone.
await t.test("as PID 1 orphans that end are reaped, also many at once", needsPid1, async (t) => {
  const wrapper = startWrapper([fixture("orphans.pl"), "300"], { t, under: asPid1, stdin: "pipe" });
  await wrapper.stdoutLine("ready");
  const namespace = await namespaceOf(wrapper);
  t.equal(namespace.members().length, 302);
  wrapper.stdin?.write("\n");
  await until("the orphans to be gone", () => namespace.members().length === 2);
  wrapper.stdin?.write("\n");
  t.match(await wrapper.exitedWithin(), { code: 7 }, "nobody took the command's status");
});

// moby/moby#29700, #34683, #47583, krallin/tini#111
await t.test("as PID 1 orphans of a docker exec are reaped too", needsPid1, async (t) => {
  const wrapper = startWrapper(signals, { t, under: asPid1 });
  await wrapper.stdoutLine("ready");
  const namespace = await namespaceOf(wrapper);
  const entered = namespace.enter(["sh", "-c", "sh -c 'echo $$; read line' <&0 & exec echo ready"], t);
  await entered.stdoutLine("ready");
  await until("the orphans to be gone", () => namespace.members().length === 2);
  t.same(zombies(namespace), []);
});

// The changelog of phusion/baseimage-docker, 0.9.6: all processes got SIGTERM, strangers too.
await t.test(
  "as PID 1 a docker exec and what it started are not shot before the container goes",
  needsPid1,
  async (t) => {
    const stubborn = "trap '' TERM; echo ready; read line; sleep 300 & exit 3";
    const wrapper = startWrapper(["--kill-after", "300ms", "sh", "-c", stubborn], { t, under: asPid1, stdin: "pipe" });
    await wrapper.stdoutLine("ready");
    const namespace = await namespaceOf(wrapper);
    const command = signals.join(" ");
    const entered = namespace.enter(["setsid", "sh", "-c", `(${command} &); exec ${command}`], t);
    await until("both", () => entered.stdout.split("ready").length === 3);
    wrapper.stdin?.write("\n");
    await wrapper.event("killing", { where: ({ processes }) => processes === 1 });
    t.match(await wrapper.exitedWithin(), { code: 3 });
    t.equal(entered.stdout, "ready\nready\n", "nobody got a signal that can be caught");
  },
);

// krallin/tini#141: a warning that all meet who have another init.
await t.test("without koffi it is said once, as PID 1 alone, and all else works", needsPid1, async (t) => {
  const env = { NODE_OPTIONS: `--import=${fixture("no-koffi.js")}` };
  const script = "(sleep 300 & echo orphan $!); echo ready; read line; exit 3";
  const asInit = startWrapper(["sh", "-c", script], { t, under: asPid1, env, stdin: "pipe" });
  t.match(await asInit.event("no-reaper"), { level: "warn", note: /docker run --init/ });
  const beside = startWrapper(["sh", "-c", script], { t, env, stdin: "pipe" });
  for (const wrapper of [asInit, beside]) {
    await wrapper.stdoutLine("ready");
    wrapper.stdin?.write("\n");
    t.match(await wrapper.exitedWithin(), { code: 3 });
    t.equal(wrapper.events.filter(({ event }) => event === "no-reaper").length, wrapper === asInit ? 1 : 0);
  }
});
