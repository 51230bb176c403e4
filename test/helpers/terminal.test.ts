import { test } from "tap";
import { fixture } from "./paths.js";
import { isAlive } from "./processes.js";
import { noPid1, noTerminal, startTerminal } from "./terminal.js";
import { until } from "./until.js";

const skip = noTerminal() ?? false;

await test("keys reach what runs there, and what it shows can be read", { skip }, async (t) => {
  const terminal = startTerminal([], { t, leader: ["sh", "-c", `read -r line; echo "got '$line'"; exit 7`] });
  t.match(await terminal.device(), /^\/dev\//);
  t.match(await terminal.modes(), /rows 24; columns 500;[^]* echo /);
  terminal.type("a word\r");
  await terminal.shows(/got/);
  t.match(await terminal.exitedWithin(), { code: 7 });
  t.equal(terminal.answer, "a word\ngot 'a word'\n");
});

await test("it has Ctrl-C, a size that can change, and a leader that is told of a hang-up", { skip }, async (t) => {
  const terminal = startTerminal([], { t, leader: [fixture("signals.js")] });
  await terminal.shows(/^ready$/m);
  terminal.type("\x03");
  await terminal.shows(/SIGINT$/m);
  await terminal.resize({ rows: 30 });
  await terminal.shows(/SIGWINCH$/m);
  t.match(await terminal.modes(), /rows 30; columns 500;/);
  t.equal(terminal.answer, "SIGWINCH\n");
  const left = terminal.descendants().filter(({ pid }) => pid !== terminal.pid);
  t.ok(left.length > 0);
  await terminal.hangUp();
  // It cannot say so any more, and dies of that.
  await until("nobody to be left", () => !left.some(({ pid }) => isAlive(pid)));
});

await test("its log is there as events, wherever on a line one begins", { skip }, async (t) => {
  const terminal = startTerminal(["printf", "prompt> "], { t });
  t.match(await terminal.event("exited"), { status: 0 });
  t.match(await terminal.exitedWithin(), { code: 0 });
  t.match(terminal.shown, /^prompt> \{"time":.*\}$/m);
  t.equal(terminal.answer.split("\n").at(-1), "prompt> ");
});

await test("a PID 1 is leader of its session, and has numbers outside too", { skip: noPid1() ?? false }, async (t) => {
  const script = `read -r pid _ _ _ group session _ foreground _ </proc/self/stat; echo "$group $session $foreground"; sleep 300`;
  const terminal = startTerminal([], { t, pid1: true, leader: ["sh", "-c", script] });
  await terminal.shows(/^1 1 1$/m);
  const outside = await until("the shell", () => attempt(() => terminal.outside(1)));
  t.not(outside, 1);
  t.ok(isAlive(outside));
});

function attempt(look: () => number): number | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}
