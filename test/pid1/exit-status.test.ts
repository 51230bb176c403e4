import { constants } from "node:os";
import t from "tap";
import { fixture } from "../helpers/paths.js";
import { asPid1, needsPid1 } from "../helpers/pid1.js";
import { runToEnd, type WrapperOptions } from "../helpers/wrapper.js";

// Every status and every signal: test/peers/exit-status.test.ts in one process, test/stress/exit-status.test.ts in one each.

const exitWith = (how: string | number, options: WrapperOptions = {}) =>
  runToEnd(["-q", "--", fixture("exit-with.sh"), String(how)], { under: asPid1, ...options });

await t.test("as PID 1 the status is the command's own", needsPid1, async (t) => {
  const statuses = [0, 1, 127, 137, 255];
  const ended = await Promise.all(statuses.map((status) => exitWith(status)));
  t.same(
    ended.map(({ code }) => code),
    statuses,
  );
});

await t.test(
  "as PID 1 the status is 128+n when signal n ended the command, with or without a core",
  needsPid1,
  async (t) => {
    const cwd = t.testdir();
    const signals = ["KILL", "TERM", "PIPE", "SEGV"] as const;
    const under = [...asPid1, "sh", "-c", 'ulimit -c unlimited 2>/dev/null; exec "$@"', "sh"];
    const ended = await Promise.all(signals.map((name) => exitWith(name, { cwd, under })));
    t.same(
      ended.map(({ code }) => code),
      signals.map((name) => 128 + constants.signals[`SIG${name}`]),
    );
  },
);

await t.test("as PID 1 the statuses that are ours are the same", needsPid1, async (t) => {
  const commands = [["--", "/no/such/command"], ["--", "/"], ["--no-such-option", "true"], ["--version"]];
  const ended = await Promise.all(commands.map((command) => runToEnd(command, { under: asPid1, text: true })));
  t.same(
    ended.map(({ code }) => code),
    [127, 126, 64, 0],
  );
});
