import t from "tap";
import { processRow } from "../helpers/processes.js";
import type { Terminal } from "../helpers/terminal.js";
import { until } from "../helpers/until.js";
import { goingOn, inForeground, stopped } from "./facts.js";
import { enter, EVERYWHERE, INNER, INNER_SHELL, inPlaces, KEYS, startIn, statusIn, told } from "./places.js";

await inPlaces(t, EVERYWHERE, "a shell that is the command has job control", async (t, place) => {
  const terminal = await startIn(t, place, INNER_SHELL);
  await terminal.shows(INNER);
  t.notMatch(terminal.shown, /job control|cannot set terminal/);

  const sleeper = await startSleeper(terminal);
  terminal.type(KEYS.suspend);
  await terminal.shows(/Stopped/);
  await terminal.shows(INNER);
  await stopped(sleeper);
  await told(terminal, "jobs", /\[1\]\+ +Stopped/);
  await terminal.shows(INNER);

  enter(terminal, "fg");
  await until("the job to be in the foreground", () => inForeground(sleeper));
  await goingOn(sleeper);
  terminal.type(KEYS.interrupt);
  await terminal.shows(INNER);
  await told(terminal, 'echo "last=$?"', /^last=130$/m);
  await terminal.shows(INNER);
  await until("the end of the job", () => processRow(sleeper) === undefined);

  t.notOk(
    terminal.events.some(({ event }) => event === "signal" || event === "stopping"),
    "none of that was while-leader's",
  );
  enter(terminal, "exit 3");
  t.equal(await statusIn(place, terminal), 3);
});

const promise = "Ctrl-C, Ctrl-Z and Ctrl-\\ at the prompt of such a shell end and stop nothing";
await inPlaces(t, EVERYWHERE, promise, async (t, place) => {
  const terminal = await startIn(t, place, INNER_SHELL);
  await terminal.shows(INNER);
  for (const key of [KEYS.suspend, KEYS.quit, KEYS.interrupt]) {
    terminal.type(key);
    if (key === KEYS.interrupt) await newPrompt(terminal);
    await told(terminal, "echo still=$((40 + 2))", /^still=42$/m);
    await terminal.shows(INNER);
  }
  t.notOk(terminal.events.some(({ event }) => event === "signal" || event === "stopping"));
  terminal.type(KEYS.end);
  t.equal(await statusIn(place, terminal), 0);
});

/** Starts a job in the foreground, which does nothing. @returns its process id here. */
async function startSleeper(terminal: Terminal): Promise<number> {
  const [, pid] = await told(terminal, `sh -c 'echo "pid=$$"; exec sleep 300'`, /^pid=(\d+)$/m);
  return terminal.outside(Number(pid));
}

/** Resolves when a shell has heeded an interrupt: bash, with nothing around it, now and then does so only at the next keys. */
async function newPrompt(terminal: Terminal): Promise<void> {
  const look = () => INNER.test(terminal.answer) || enter(terminal, "");
  await until("a new prompt", look, { everyMs: 100 });
}
