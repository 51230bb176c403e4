import t from "tap";
import { guardsOf } from "../guard/guard-of.js";
import { fixture } from "../helpers/paths.js";
import { isAlive, processRow, signalProcess } from "../helpers/processes.js";
import { until } from "../helpers/until.js";
import { inPlaces, KEYS, startIn } from "./places.js";

// As PID 1 a wrapper takes everything along when it is killed.
const PLACES = ["session leader", "job of bash"] as const;
// The command ignores whatever it can, and has a process beside it that does too.
const STUBBORN = ["sh", "-c", `${fixture("signals.js")} & exec ${fixture("signals.js")}`];
const args = ["--guard", "on", "--kill-after", "60s", ...STUBBORN];
const READY_TWICE = /^ready$[^]*^ready$/m;

await inPlaces(t, PLACES, "the guard outlives Ctrl-C and a group kill, and still guards", async (t, place) => {
  const terminal = await startIn(t, place, args);
  await terminal.shows(READY_TWICE);
  const wrapper = await terminal.wrapperPid();
  const before = guardsOf(wrapper);
  t.equal(before.length, 1);
  terminal.type(KEYS.interrupt);
  await terminal.shows(/SIGINT/);
  signalProcess(-(processRow(wrapper)?.pgid ?? 0), "SIGTERM");
  await terminal.shows(/SIGTERM/);
  t.same(pids(guardsOf(wrapper)), pids(before));
  const command = await terminal.commandPid();
  const both = terminal.descendants().filter(({ pid, ppid }) => [pid, ppid].includes(command));
  t.equal(both.length, 2);
  signalProcess(wrapper, "SIGKILL");
  await until("the end of the command", () => !both.some(({ pid }) => isAlive(pid)));
});

await inPlaces(t, PLACES, "the guard outlives a terminal that hangs up, and still guards", async (t, place) => {
  const terminal = await startIn(t, place, args);
  await terminal.shows(READY_TWICE);
  const wrapper = await terminal.wrapperPid();
  const guard = pids(guardsOf(wrapper));
  await terminal.hangUp();
  t.same(pids(guardsOf(wrapper)), guard);
  signalProcess(wrapper, "SIGKILL");
  await until("nobody to be left", () => terminal.descendants().length === 0);
});

function pids(rows: readonly { pid: number }[]): number[] {
  return rows.map(({ pid }) => pid);
}
