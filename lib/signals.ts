import { constants } from "node:os";

/** A signal's name as Node and POSIX write it, for example `SIGTERM`. */
export type Signal = NodeJS.Signals;

/**
 * Signals the kernel raises because of what a process itself did (a bad pointer, a division by zero, a write under
 * `stty tostop`, an expired profiling timer, a closed pipe). They are about while-leader, never a message for the workload, and a
 * listener for the synchronous ones would loop for ever.
 */
const OWN_FAULTS: ReadonlySet<string> = new Set(
  "SIGSEGV SIGBUS SIGFPE SIGILL SIGTRAP SIGSYS SIGABRT SIGTTIN SIGTTOU SIGPROF SIGPIPE SIGCHLD".split(" "),
);

/** Nobody can catch these. */
const UNCATCHABLE: ReadonlySet<string> = new Set(["SIGKILL", "SIGSTOP"]);

const NUMBERS: ReadonlyMap<string, number> = new Map(Object.entries(constants.signals));

/** Every signal that is caught and passed on, one name for each number (SIGIOT is SIGABRT, SIGPOLL is SIGIO). */
export const FORWARDED: readonly Signal[] = onePerNumber().filter(
  (name) => !OWN_FAULTS.has(name) && !UNCATCHABLE.has(name),
);

/** The number of a signal, as in an exit status of 128 + n. */
export function signalNumber(name: Signal): number {
  return NUMBERS.get(name) ?? 0;
}

/** Signals as a mask, as in proc(5), `/proc/pid/status`. */
export function signalMask(...names: readonly Signal[]): bigint {
  return names.reduce((mask, name) => mask | (1n << BigInt(signalNumber(name) - 1)), 0n);
}

/** Reads `TERM`, `SIGTERM`, `term` or `15`; undefined for anything else. */
export function parseSignal(text: string): Signal | undefined {
  if (/^\d+$/.test(text)) return onePerNumber().find((name) => signalNumber(name) === Number(text));
  if (!/^[a-z0-9]+$/i.test(text)) return undefined;
  const name = text.toUpperCase().replace(/^(?!SIG)/, "SIG");
  return NUMBERS.has(name) ? (name as Signal) : undefined;
}

function onePerNumber(): Signal[] {
  const byNumber = new Map<number, string>();
  for (const [name, number] of NUMBERS) if (!byNumber.has(number)) byNumber.set(number, name);
  return [...byNumber.values()] as Signal[];
}
