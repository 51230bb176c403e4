import t from "tap";
import type { Terminal } from "../helpers/terminal.js";
import { until } from "../helpers/until.js";
import { both, goingOn, inForeground, stopped } from "./facts.js";
import { inPlaces, KEYS, OUTER, startIn, startShell, statusIn, told, wrapperLine } from "./places.js";

const answers = ["sh", "-c", 'echo ready; while read -r line; do echo "got $line"; done'];
const sleeps = ["sh", "-c", "echo ready; exec sleep 300"];

await inPlaces(t, ["job of bash"], "Ctrl-Z stops both, fg continues both, as often as one likes", async (t) => {
  const terminal = await startShell(t);
  await told(terminal, wrapperLine(answers), /^ready$/m);
  const pids = await both(terminal);
  for (const word of ["one", "two", "three"]) {
    await told(terminal, word, new RegExp(`^got ${word}$`, "m"));
    await suspend(terminal, pids);
    await told(terminal, "jobs", /\[1\]\+ +Stopped/);
    await terminal.shows(OUTER);
    await foreground(terminal, pids);
  }
  await told(terminal, "four", /^got four$/m);
  await interrupt(terminal);
  t.match(await told(terminal, 'echo "status=$?"', /^status=(\d+)$/m), ["status=130", "130"]);
});

await inPlaces(t, ["job of bash"], "Ctrl-Z stops both, bg continues both in the background", async (t) => {
  const terminal = await startShell(t);
  await told(terminal, wrapperLine(sleeps), /^ready$/m);
  const pids = await both(terminal);
  await suspend(terminal, pids);
  await told(terminal, "bg", OUTER);
  await goingOn(...pids);
  await told(terminal, "jobs", /\[1\]\+ +Running/);
  await terminal.shows(OUTER);
  t.notOk(pids.some(inForeground));
  await foreground(terminal, pids);
  await interrupt(terminal);
  t.match(await told(terminal, 'echo "status=$?"', /^status=(\d+)$/m), ["status=130", "130"]);
});

// There nobody could continue what is stopped: the kernel stops nobody, and whoever gave the command a group of its own hung here.
const nobodyToContinue = ["session leader", "PID 1"] as const;

await inPlaces(
  t,
  nobodyToContinue,
  "Ctrl-Z hangs nothing: the command still answers, and Ctrl-C ends it",
  async (t, place) => {
    const terminal = await startIn(t, place, answers);
    await terminal.shows(/^ready$/m);
    for (const word of ["one", "two", "three"]) {
      terminal.type(KEYS.suspend);
      await terminal.shows(/\^Z/);
      await told(terminal, word, new RegExp(`^got ${word}$`, "m"));
    }
    terminal.type(KEYS.suspend);
    terminal.type(KEYS.interrupt);
    t.equal(await statusIn(place, terminal), 130);
  },
);

async function suspend(terminal: Terminal, pids: readonly number[]): Promise<void> {
  terminal.type(KEYS.suspend);
  await terminal.shows(/Stopped/);
  await terminal.shows(OUTER);
  await stopped(...pids);
}

async function foreground(terminal: Terminal, pids: readonly number[]): Promise<void> {
  // A shell says so before it does so.
  await told(terminal, "fg", /while-leader|"\$entry"/);
  await until("the job to be in the foreground", () => pids.every(inForeground));
  await goingOn(...pids);
}

async function interrupt(terminal: Terminal): Promise<void> {
  terminal.type(KEYS.interrupt);
  await terminal.shows(OUTER);
}
