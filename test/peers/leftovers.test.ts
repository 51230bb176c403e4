import t from "tap";
import { fixture } from "../helpers/paths.js";
import { asPid1, namespaceOf, needsPid1 } from "../helpers/pid1.js";
import { isAlive, killRow, processRow } from "../helpers/processes.js";
import { until } from "../helpers/until.js";
import { startWrapper } from "../helpers/wrapper.js";
import { count, reach, WAYS } from "./ways.js";

t.jobs = 3;

const saver = fixture("leaves-saver.sh");
const signals = `${process.execPath} ${fixture("signals.js")}`;

/**
 * Ends at once with that status when it is asked to, whatever it left behind before. It sleeps for moments only: a child that is
 * asked to end between fork and exec still has the shell's handler, and stays.
 */
const leaver = (before: string, status: number) =>
  `${before}\n trap 'exit ${status}' TERM; echo left; while :; do sleep 0.02; done`;

for (const [who, under, options] of WAYS) {
  void t.test(
    `as ${who}: what the command leaves when it was stopped saves its work (krallin/tini#180, #95, #167, #229, Yelp/dumb-init#212, #53)`,
    { ...options },
    async (t) => {
      const script = leaver(`${saver} job </dev/null; ${saver} bare </dev/null`, 0);
      // Also: to wait for them takes as long as they need, not --kill-after (just-containers/s6-overlay#204, #628).
      const wrapper = startWrapper(["--kill-after", "60s", "sh", "-c", script], { t, under });
      await until("both, and the command", () => wrapper.stdout.match(/^(saver \d+|left)$/gm)?.length === 3);
      const { kill, outer } = await reach(wrapper, under);
      const pids = [...wrapper.stdout.matchAll(/^saver (\d+)$/gm)].map(([, pid]) => outer(Number(pid)));
      t.equal(pids.length, 2);
      // One of them has nothing by which the rig could find it.
      const rows = pids.map(processRow).filter((row) => row !== undefined);
      t.teardown(() => rows.forEach(killRow));
      kill("SIGTERM");
      const exiting = await wrapper.event("exiting");
      t.same(pids.filter(isAlive), []);
      t.match(exiting, { status: 0 });
      t.same(wrapper.stdout.match(/^saved$/gm), ["saved", "saved"]);
      t.match(await wrapper.exitedWithin(), { code: 0 });
    },
  );

  void t.test(
    `as ${who}: what is left is asked once, and has the rest of --kill-after (just-containers/s6-overlay#337, pnpm/pnpm#15121)`,
    { ...options },
    async (t) => {
      const script = leaver(`${signals} & setsid ${signals} & `, 7);
      const wrapper = startWrapper(["--kill-after", "1s", "sh", "-c", script], { t, under });
      await until("both, and the command", () => wrapper.stdout.match(/^(ready|left)$/gm)?.length === 3);
      (await reach(wrapper, under)).kill("SIGTERM");
      t.match(await wrapper.exitedWithin(), { code: 7 });
      t.same(wrapper.stdout.match(/^SIG\w+$/gm), ["SIGTERM", "SIGTERM"]);
      const [stopping, killing] = [await wrapper.event("stopping"), await wrapper.event("killing")];
      const [passed, killIn] = [Date.parse(killing.time) - Date.parse(stopping.time), Number(stopping["kill-in"])];
      // It counts from the signal; that it was logged took a moment, and both times are cut to whole milliseconds.
      t.ok(killIn > 500 && killIn <= 1_000, `${killIn} ms`);
      t.ok(passed >= killIn - 2, `${passed} of ${killIn} ms`);
    },
  );

  void t.test(`as ${who}: also if it was asked with the whole group, by -g`, { ...options }, async (t) => {
    const script = leaver(`${signals} & setsid ${signals} & `, 7);
    const wrapper = startWrapper(["-g", "--kill-after", "1s", "sh", "-c", script], { t, under });
    await until("both, and the command", () => wrapper.stdout.match(/^(ready|left)$/gm)?.length === 3);
    (await reach(wrapper, under)).kill("SIGTERM");
    t.match(await wrapper.exitedWithin(), { code: 7 });
    t.same(wrapper.stdout.match(/^SIG\w+$/gm), ["SIGTERM", "SIGTERM"]);
  });

  void t.test(
    `as ${who}: a background process does not keep it from the end of the command (moby/moby#27514)`,
    { ...options },
    async (t) => {
      const wrapper = startWrapper(["--kill-after", "60s", "sh", "-c", "sleep 300 & exit 3"], { t, under });
      t.match(await wrapper.exitedWithin(), { code: 3 });
    },
  );
}

void t.test("as PID 1: nor does one that came in from outside (moby/moby#27514)", { ...needsPid1 }, async (t) => {
  const options = { t, under: asPid1, stdin: "pipe" } as const;
  const wrapper = startWrapper(["--kill-after", "60s", "sh", "-c", "sleep 300 & read line; exit 3"], options);
  await wrapper.event("started");
  // Neither it nor the job that it leaves heeds SIGTERM.
  const come = "trap '' TERM; (sleep 300 &); sleep 300 & echo ready; exec sleep 300";
  await (await namespaceOf(wrapper)).enter(["sh", "-c", come], t).stdoutLine("ready");
  wrapper.stdin?.write("\n");
  t.match(await wrapper.exitedWithin(), { code: 3 });
  t.equal(count(wrapper, "killing"), 0);
});

void t.test(
  "as PID 1: nobody who ignores SIGTERM hangs it for ever (phusion/baseimage-docker#506)",
  { ...needsPid1 },
  async (t) => {
    const daemon = `${fixture("leaves-daemon.sh")} --clean-env --exit 0`;
    const script = `trap '' TERM; ${daemon}; echo both; sleep 300`;
    const wrapper = startWrapper(["--kill-after", "300ms", "sh", "-c", script], { t, under: asPid1 });
    await wrapper.stdoutLine("both");
    (await namespaceOf(wrapper)).kill("SIGTERM");
    t.match(await wrapper.exitedWithin(), { code: 137 });
  },
);
