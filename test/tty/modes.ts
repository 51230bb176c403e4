import type { Test } from "tap";
import { startTerminal, type Terminal } from "../helpers/terminal.js";
import { OUTER, told, wrapperLine } from "./places.js";

/** while-leader in a script without job control, which then says with which status it ended, and goes on as a `cat`. */
export function startScript(t: Test, args: readonly string[]): Terminal {
  return startTerminal([], { t, leader: ["sh", "-c", `${wrapperLine(args)}; echo "status=$?"; exec cat`] });
}

/** The modes of a terminal that nobody has changed. */
export async function saneModes(): Promise<string> {
  const terminal = startTerminal([], { leader: ["cat"] });
  try {
    return await terminal.modes();
  } finally {
    await terminal.end();
  }
}

/** The modes with which a shell starts its commands: at its prompt it has others. */
export async function modesAtPrompt(terminal: Terminal): Promise<string> {
  const [, modes] = await told(terminal, `echo "modes=$(stty -a | tr '\\n' ' ')"`, /^modes=(.*)$/m);
  await terminal.shows(OUTER);
  return modes ?? "";
}
