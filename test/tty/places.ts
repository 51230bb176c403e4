import type { Test } from "tap";
import { noPid1, noTerminal, quoted, startTerminal, type Terminal } from "../helpers/terminal.js";

/** Where while-leader stands on a terminal. */
export type Place = "session leader" | "job of bash" | "PID 1";

export const EVERYWHERE = ["session leader", "job of bash", "PID 1"] as const;

/** The prompt of a shell that while-leader is a job of. */
export const OUTER = /outer> $/;
/** The prompt of a shell that is the command. */
export const INNER = /inner> $/;

const shell = (prompt: string) => ["env", `PS1=${prompt}`, "bash", "--noprofile", "--norc", "-i"];
export const OUTER_SHELL = shell("outer> ");
export const INNER_SHELL = shell("inner> ");

export const KEYS = {
  enter: "\r",
  interrupt: "\x03",
  quit: "\x1c",
  suspend: "\x1a",
  end: "\x04",
  hold: "\x13",
  release: "\x11",
};

/** One test for each place, all at once; where while-leader cannot be there, the test is skipped and says why. */
export async function inPlaces(
  t: Test,
  places: readonly Place[],
  promise: string,
  check: (t: Test, place: Place) => Promise<void>,
): Promise<void> {
  t.jobs = places.length;
  const tests = places.map((place) => {
    const skip = (place === "PID 1" ? noPid1() : noTerminal()) ?? false;
    return t.test(`${promise}: as ${place}`, { skip }, (test) => check(test, place));
  });
  await Promise.all(tests);
}

/** Starts while-leader there. Does not wait for it. */
export async function startIn(t: Test, place: Place, args: readonly string[]): Promise<Terminal> {
  if (place !== "job of bash") return startTerminal(args, { t, pid1: place === "PID 1" });
  const terminal = await startShell(t);
  enter(terminal, `${wrapperLine(args)}; echo "status=$?"`);
  return terminal;
}

/** while-leader's exit status, as whoever started it there sees it. */
export async function statusIn(place: Place, terminal: Terminal): Promise<number> {
  if (place !== "job of bash") return (await terminal.exitedWithin()).code ?? -1;
  return Number((await terminal.shows(/status=(\d+)/))[1]);
}

/** A shell with job control on a terminal, at its prompt. */
export async function startShell(t: Test): Promise<Terminal> {
  const terminal = startTerminal([], { t, leader: OUTER_SHELL });
  await terminal.shows(OUTER);
  return terminal;
}

/** What starts while-leader at a shell of ours. */
export function wrapperLine(args: readonly string[]): string {
  return `"$node" "$entry" --log-format json ${args.map(quoted).join(" ")}`;
}

/** Types a line. */
export function enter(terminal: Terminal, line: string): void {
  terminal.type(`${line}${KEYS.enter}`);
}

/** Types a line and waits for what follows. */
export async function told(terminal: Terminal, line: string, follows: RegExp): Promise<RegExpExecArray> {
  enter(terminal, line);
  return terminal.shows(follows);
}

/** Resolves when all that while-leader passes on of what it has got so far has arrived at a command that prints "SIGPWR". */
export async function passedOn(terminal: Terminal): Promise<void> {
  const wrapper = await terminal.wrapperPid();
  // One may overtake another, in a process with several threads; not one that is sent when the other has been answered.
  for (const answers of [/^SIGPWR$/m, /^SIGPWR$[^]*^SIGPWR$/m]) {
    process.kill(wrapper, "SIGPWR");
    await terminal.shows(answers);
  }
}
