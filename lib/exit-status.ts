import type { Signal } from "./signals.js";
import { signalNumber } from "./signals.js";

/** How a command ended: with a status of its own, or by a signal. */
export type Exit = { readonly code: number } | { readonly signal: Signal };

/** The statuses that are while-leader's own; 64 to 78 are those of BSD's sysexits.h, 126 and 127 the shell's. */
export const ExitStatus = {
  nobody: 1,
  usage: 64,
  unavailable: 69,
  bug: 70,
  notLeader: 75,
  refused: 77,
  notExecutable: 126,
  notFound: 127,
} as const;

/** The status a shell would report: the command's own, or 128 + n when signal n ended it. */
export function exitStatus(exit: Exit): number {
  return "code" in exit ? exit.code : signalledStatus(exit.signal);
}

/** 128 + n, the status of something that signal n ended or kept from starting. */
export function signalledStatus(signal: Signal): number {
  return 128 + signalNumber(signal);
}
