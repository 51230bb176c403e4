import { constants } from "node:os";

/** Whoever ends what a helper started when its own time is over: a tap test, or anything else with a `teardown`. */
export interface Owner {
  teardown(end: () => unknown): unknown;
}

const clearances = new Set<() => void>();

/**
 * Has `clear` called when this process ends, however it ends short of SIGKILL, and returns what takes that back.
 * `clear` is synchronous; what it throws is ignored, for the others must have their turn.
 */
export function atExit(clear: () => void): () => void {
  if (!listening) listen();
  clearances.add(clear);
  return () => clearances.delete(clear);
}

let listening = false;

function listen(): void {
  listening = true;
  process.on("exit", clearAll);
  // Node dies of these without an "exit" event; tap ends a test that takes too long with SIGTERM.
  for (const name of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
    process.on(name, () => process.exit(128 + constants.signals[name]));
  }
}

function clearAll(): void {
  for (const clear of clearances) {
    try {
      clear();
    } catch {
      // Nobody is left to be told.
    }
  }
}
