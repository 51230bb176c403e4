import { closeSync, openSync, readFileSync } from "node:fs";
import { isatty } from "node:tty";
import type { Libc } from "./libc.js";
import { attempt, everyProcess } from "./proc.js";
import type { Signal } from "./signals.js";

/** What the terminal driver sends to every process of its foreground group by itself. */
const FROM_TERMINAL: ReadonlySet<Signal> = new Set(["SIGINT", "SIGQUIT", "SIGWINCH", "SIGCONT", "SIGTSTP"]);

/** Whether a person may sit in front of the command: then it must share our process group, for job control and prompts. */
export function atTerminal(): boolean {
  if (!isatty(0)) return false;
  try {
    closeSync(openSync("/dev/tty", "r+"));
    return true;
  } catch {
    return false;
  }
}

/** Whether the terminal has sent this signal to the command as well: it does when our group is in the foreground. */
export function sentByTerminal(signal: Signal): boolean {
  if (!FROM_TERMINAL.has(signal)) return false;
  try {
    const stat = readFileSync("/proc/self/stat", "latin1");
    const [, , group, , , foreground] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return group === foreground;
  } catch {
    return true; // no /proc: a signal of this kind is most likely a key that was pressed
  }
}

/**
 * Remembers the terminal on our stdin: its modes, and whether we are in its foreground.
 *
 * @returns what puts it back, for after a program that was killed and could not do so itself.
 */
export function keepTerminal(libc: Libc): () => void {
  const modes = libc.terminalModes(0);
  const [ours, inForeground] = [libc.ownGroup(), libc.foregroundGroup(0)];
  return () => {
    const foreground = libc.foregroundGroup(0);
    // Whoever is there now may have other modes, and put there by the shell that started us.
    if (foreground !== ours && isPopulated(foreground)) return;
    if (modes !== undefined) libc.setTerminalModes(0, modes);
    if (inForeground === ours) libc.setForegroundGroup(0, ours);
  };
}

/** Zombies do not count. */
function isPopulated(group: number): boolean {
  return attempt(everyProcess)?.entries.some((entry) => entry.group === group) ?? true;
}
