import { constants } from "node:os";
import t from "tap";
import { fixture } from "../helpers/paths.js";
import { asPid1, needsPid1 } from "../helpers/pid1.js";
import { runToEnd, type WrapperOptions } from "../helpers/wrapper.js";

// All that a shell can count: a few of them are tested each time, in test/cli/ and test/pid1/.

const statuses = Array.from({ length: 256 }, (_, status) => status);
// The others are ignored or only stop a process, unless it asks for more.
const harmless = new Set("SIGCHLD SIGCONT SIGSTOP SIGTSTP SIGTTIN SIGTTOU SIGURG SIGWINCH".split(" "));
const deadly = Object.entries(constants.signals).filter(([name]) => !harmless.has(name));
/** So many wrappers at once: enough for two processors. */
const AT_ONCE = 4;

for (const [what, needs, under] of [
  ["as PID 1", needsPid1, asPid1],
  ["not as PID 1", {}, []],
] as const) {
  await t.test(`${what} every status from 0 to 255 is handed on`, needs, async (t) => {
    t.same(await inTurns(statuses, (status) => exitWith(status, { under })), statuses);
  });

  await t.test(`${what} a death by any signal is 128+n, with a core and without`, needs, async (t) => {
    const cwd = t.testdir();
    const numbers = [...new Set(deadly.map(([, number]) => number))];
    for (const limit of [0, "unlimited"]) {
      const limited = [...under, "sh", "-c", `ulimit -c ${limit} 2>/dev/null; exec "$@"`, "sh"];
      t.same(
        await inTurns(numbers, (number) => diesOf(number, { cwd, under: limited })),
        numbers.map((number) => 128 + number),
        `ulimit -c ${limit}`,
      );
    }
  });
}

async function exitWith(status: number, options: WrapperOptions): Promise<number | null> {
  return (await runToEnd(["-q", "--", fixture("exit-with.sh"), String(status)], options)).code;
}

async function diesOf(number: number, options: WrapperOptions): Promise<number | null> {
  return (await runToEnd(["-q", "--", "sh", "-c", `kill -${number} $$`], options)).code;
}

/** The answers for all of `items` in their order. */
async function inTurns<T, A>(items: readonly T[], ask: (item: T) => Promise<A>): Promise<A[]> {
  const answers: A[] = [];
  const open = [...items.entries()];
  const work = async (): Promise<void> => {
    for (let next = open.shift(); next; next = open.shift()) answers[next[0]] = await ask(next[1]);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return answers;
}
