import type { Signal } from "./signals.js";
import { FORWARDED } from "./signals.js";
import type { Happening } from "./states.js";

/** An ordered queue with one reader: what comes while nobody looks is kept. */
export class Inbox<T> {
  readonly #kept: T[] = [];
  #wake: (() => void) | undefined;

  put(item: T): void {
    this.#kept.push(item);
    this.#wake?.();
  }

  /** The oldest item, or undefined if none is there. */
  take(): T | undefined {
    return this.#kept.shift();
  }

  /** Resolves as soon as there is something to take, or the signal is aborted. Never rejects. */
  async filled(signal: AbortSignal): Promise<void> {
    if (this.#kept.length > 0 || signal.aborted) return;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
  }
}

/**
 * Catches every signal from now on, for the life of the process. The entry calls it before anything else is loaded: a signal that
 * comes before its listener is lost to PID 1 and kills anybody else. Listening to SIGUSR1 also keeps Node's inspector shut.
 */
export function catchSignals(): Inbox<Happening> {
  const inbox = new Inbox<Happening>();
  for (const signal of FORWARDED) process.on(signal, () => inbox.put({ type: "signal", signal }));
  return inbox;
}

/** Has a signal, or a bug that nobody caught, say something else from now on; it is never without a listener meanwhile. */
export function catchInstead(event: Signal | Bug, listener: (reason?: unknown) => void): void {
  const former = process.listeners(event as Signal);
  process.on(event as Signal, listener);
  former.forEach((each) => process.removeListener(event, each));
}

type Bug = "uncaughtException" | "unhandledRejection";

/** Gives a signal back to the kernel's default action. */
export function releaseSignal(signal: Signal): void {
  process.removeAllListeners(signal);
}
