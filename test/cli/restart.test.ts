import { writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { fixture } from "../helpers/paths.js";
import { isAlive } from "../helpers/processes.js";
import { runToEnd, startWrapper, type LogEvent } from "../helpers/wrapper.js";

const named = (events: readonly LogEvent[], name: string): LogEvent[] => events.filter(({ event }) => event === name);

/** Appends a line to the file at each start, then does what the script says with `$run`, the number of this start. */
const counting = (file: string, script: string): string[] => [
  "sh",
  "-c",
  `echo >> ${file}; run=$(wc -l < ${file}); ${script}`,
];

await t.test("without --restart a command that fails is not started again", async (t) => {
  const { code, events } = await runToEnd(["sh", "-c", "exit 3"]);
  t.equal(code, 3);
  t.equal(named(events, "started").length, 1);
  t.same(named(events, "restarting"), []);
});

await t.test("--restart on-failure starts a command that failed again, and ends when it ends well", async (t) => {
  const command = counting(join(t.testdir(), "runs"), "test $run = 4 || kill -9 $$");
  const { code, events } = await runToEnd(["--restart", "on-failure", ...command]);
  t.equal(code, 0);
  t.equal(named(events, "started").length, 4);
  t.match(named(events, "restarting"), [{ attempt: 1 }, { attempt: 2 }, { attempt: 3 }]);
});

await t.test("each pause is twice the one before, less up to a half by chance", async (t) => {
  const { code, events } = await runToEnd(["--restart", "on-failure", "--max-restarts", "4", "false"]);
  t.equal(code, 1);
  const delays = named(events, "restarting").map(({ delay }) => Number(delay));
  t.equal(delays.length, 4);
  delays.forEach((delay, index) => t.ok(delay >= 50 * 2 ** index && delay <= 100 * 2 ** index, `${delay} ms`));
  const [again, started] = [named(events, "restarting"), named(events, "started").slice(1)];
  again.forEach(({ time, delay }, index) => {
    const waited = Date.parse(started[index]?.time ?? "") - Date.parse(time);
    t.ok(waited >= Number(delay) - 2, `waited ${waited} ms of ${String(delay)}`);
  });
});

await t.test(
  "--max-restarts quick failures in a row are borne, the next one ends it with the command's status",
  async (t) => {
    for (const [most, starts] of [
      [0, 1],
      [2, 3],
    ]) {
      const { code, events } = await runToEnd([
        "--restart",
        "always",
        "--max-restarts",
        `${most}`,
        "sh",
        "-c",
        "exit 5",
      ]);
      t.equal(code, 5);
      t.equal(named(events, "started").length, starts);
      t.match(named(events, "failed"), [
        { level: "error", error: new RegExp(`failed quickly ${starts} times in a row`) },
      ]);
    }
  },
);

await t.test("--restart always starts a command again that ended well, which is no failure", async (t) => {
  const command = counting(join(t.testdir(), "runs"), "test $run -lt 4 || exit 5");
  const { code, events } = await runToEnd(["--restart", "always", "--max-restarts", "1", ...command]);
  t.equal(code, 5);
  // Three good ends, and a failure that is borne.
  t.equal(named(events, "started").length, 5);
});

await t.test("what the command left behind has ended before it is started again", async (t) => {
  const folder = t.testdir();
  const wrapper = startWrapper(
    [
      "--restart",
      "on-failure",
      "--kill-after",
      "100ms",
      ...counting(join(folder, "runs"), `exec ${fixture("leaves-daemon.sh")} --exit $((4 - run))`),
    ],
    { t },
  );
  await wrapper.event("restarting");
  const first = [...wrapper.stdout.matchAll(/^(?:daemon|job) (\d+)$/gm)].map(([, pid]) => Number(pid));
  t.equal(first.length, 2);
  t.same(first.filter(isAlive), []);
  t.match(await wrapper.exitedWithin(), { code: 0 });
  t.equal(named(wrapper.events, "killing").length, 4, "each run's");
});

await t.test("a stop signal between two runs: nothing is started any more, 128+n at once", async (t) => {
  const wrapper = startWrapper(["--restart", "on-failure", "--max-restarts", "99", "false"], { t });
  // Half a second at least: time to stop in.
  const last = await wrapper.event("restarting", { where: ({ attempt }) => attempt === 4 });
  wrapper.kill("SIGHUP");
  t.match(await wrapper.event("signal"), { signal: "SIGHUP", to: "nobody" });
  wrapper.kill("SIGTERM");
  t.match(await wrapper.exitedWithin(), { code: 143 });
  const after = wrapper.events.slice(wrapper.events.indexOf(last) + 1);
  t.same(named(after, "started"), []);
});

await t.test("a command that a stop signal ended is not started again", async (t) => {
  const wrapper = startWrapper(["--restart", "always", fixture("signals.js"), "--exit-on", "SIGTERM=7"], { t });
  await wrapper.stdoutLine("ready");
  wrapper.kill("SIGTERM");
  t.match(await wrapper.exitedWithin(), { code: 7 });
  t.equal(named(wrapper.events, "started").length, 1);
});

await t.test("a command that cannot be started any more ends it with 126 or 127", async (t) => {
  const file = join(t.testdir(), "command");
  writeFileSync(file, `#!/bin/sh\nrm "$0"\nexit 3\n`, { mode: 0o755 });
  const { code, events } = await runToEnd(["--restart", "on-failure", file]);
  t.equal(code, 127);
  t.equal(named(events, "started").length, 1);
});
