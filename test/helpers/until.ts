import { setTimeout as pause } from "node:timers/promises";

export interface UntilOptions {
  /** Gives up after this long; 10 s when not given. */
  timeoutMs?: number;
  /** Looks again after this long; 20 ms when not given. */
  everyMs?: number;
}

type Nothing = undefined | null | false;

/**
 * Looks again and again until `look` answers with something, and resolves with that. For facts that nothing announces.
 * Rejects when `look` does, or with a message that names `what` when the time is over.
 */
export async function until<T>(what: string, look: () => T | Promise<T>, options: UntilOptions = {}) {
  const { timeoutMs = 10_000, everyMs = 20 } = options;
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const seen = await look();
    if (seen !== undefined && seen !== null && seen !== false) return seen as Exclude<T, Nothing>;
    if (performance.now() >= deadline) throw new Error(`waited ${timeoutMs} ms in vain for ${what}`);
    await pause(everyMs);
  }
}
