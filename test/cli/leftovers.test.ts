import t, { type Test } from "tap";
import { startEtcd } from "../helpers/etcd-server.js";
import { fixture } from "../helpers/paths.js";
import { isAlive } from "../helpers/processes.js";
import { startWrapper, type Wrapper } from "../helpers/wrapper.js";

const leaves = fixture("leaves-daemon.sh");

/** The numbers of the daemon and of the background job. */
async function left(wrapper: Wrapper): Promise<number[]> {
  await wrapper.stdoutLine("ready");
  return [...wrapper.stdout.matchAll(/^(?:daemon|job) (\d+)$/gm)].map(([, pid]) => Number(pid));
}

async function endsAll(t: Test, wrapper: Wrapper, code: number): Promise<void> {
  const pids = await left(wrapper);
  t.equal(pids.length, 2);
  t.match(await wrapper.exitedWithin(), { code });
  t.same(pids.filter(isAlive), []);
  t.same(wrapper.descendants(), []);
}

// Yelp/dumb-init#191: a session of its own hears nothing; phusion/baseimage-docker#506: one that ignores SIGTERM hangs the stop.
await t.test("a daemon and a background job that ignore SIGTERM are ended before the exit", async (t) => {
  await t.test("when the command has ended by itself", async (t) => {
    await endsAll(t, startWrapper(["--kill-after", "100ms", leaves, "--exit", "3"], { t }), 3);
  });

  await t.test("when the command was stopped", async (t) => {
    const wrapper = startWrapper(["--kill-after", "100ms", leaves], { t });
    await left(wrapper);
    wrapper.kill("SIGTERM");
    await endsAll(t, wrapper, 0);
  });
});

await t.test("what heeds SIGTERM is asked to end, not killed", async (t) => {
  // One process each: what a shell starts just then could miss the signal.
  const script = `${process.execPath} ${fixture("signals.js")} --exit-on SIGTERM & read line; exit 3`;
  const wrapper = startWrapper(["sh", "-c", script], { t, stdin: "pipe" });
  await wrapper.stdoutLine("ready");
  wrapper.stdin?.write("go\n");
  t.match(await wrapper.exitedWithin(), { code: 3 });
  t.match(wrapper.stdout, /^SIGTERM$/m);
  t.notOk(wrapper.events.some(({ event }) => event === "killing"));
});

await t.test("in an election the leadership is given back only when they are gone", async (t) => {
  const cluster = await startEtcd({ t });
  const wrapper = startWrapper(["-n", "jobs", "--kill-after", "200ms", ...cluster.flags, leaves, "--exit", "3"], { t });
  const pids = await left(wrapper);
  const resigned = await wrapper.event("resigned");
  t.same(pids.filter(isAlive), []);
  t.match(await wrapper.exitedWithin(), { code: 3 });
  const order = wrapper.events.map(({ event }) => event);
  t.ok(order.indexOf("killing") < wrapper.events.indexOf(resigned));
  t.ok(order.indexOf("killing") > 0);
});
