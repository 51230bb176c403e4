import { closeSync, openSync, readFileSync } from "node:fs";
import { isatty } from "node:tty";
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
