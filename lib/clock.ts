import { uptime } from "node:os";
import { setImmediate as eventLoopTurn } from "node:timers/promises";
import type { Milliseconds } from "./duration.js";

/** Monotonic time. The wall clock is never read: it may jump. */
export interface Clock {
  /** Milliseconds since some fixed moment; only differences mean something. Goes on while the host is suspended. */
  now(): Milliseconds;
  /** Resolves after `duration`, or at once when the signal is aborted; never rejects. Holds for at most 24 days. */
  sleep(duration: Milliseconds, signal: AbortSignal): Promise<void>;
}

/** Longer than CLOCK_MONOTONIC and CLOCK_BOOTTIME differ by rounding (/proc/uptime counts in 10 ms), shorter than any margin. */
const SUSPENDED: Milliseconds = 250;
/** `setTimeout` fires at once beyond 31 bits. */
const LONGEST_TIMER: Milliseconds = 2 ** 31 - 1;

/**
 * CLOCK_MONOTONIC, moved on by the time the host was suspended, which that clock leaves out: a lease runs out on a sleeping host
 * too. So after a resume everything that came due meanwhile is due at once.
 */
export function systemClock(): Clock {
  const ahead = (): Milliseconds => uptime() * 1_000 - monotonicNow();
  const start = ahead();
  let suspended: Milliseconds = 0;
  return {
    now() {
      const drift = ahead() - start;
      if (drift > suspended + SUSPENDED) suspended = drift;
      return monotonicNow() + suspended;
    },
    // Not the one of node:timers/promises: most waits are cut short, for each of which it makes errors: a third of a renewal's CPU.
    sleep: (duration, signal) =>
      new Promise((resolve) => {
        if (signal.aborted) return resolve();
        const end = (): void => {
          clearTimeout(timer);
          signal.removeEventListener("abort", end);
          resolve();
        };
        const timer = setTimeout(end, Math.min(Math.max(duration, 0), LONGEST_TIMER));
        signal.addEventListener("abort", end);
      }),
  };
}

/** A moment that all processes of a host agree on, by the two clocks that they share. */
export interface Moment {
  /** CLOCK_MONOTONIC, in milliseconds. */
  readonly monotonic: Milliseconds;
  /** CLOCK_BOOTTIME, which goes on while the host is suspended. */
  readonly boottime: Milliseconds;
}

/** os.uptime() leaves out what is less, so that of two readings the second may seem to be so much too late. */
const UPTIME_STEP: Milliseconds = 10;

/** The moment that comes after `duration`; undefined for one that never comes. */
export function momentIn(duration: Milliseconds): Moment | undefined {
  if (duration === Infinity) return undefined;
  const { monotonic, boottime } = present();
  return { monotonic: monotonic + duration, boottime: boottime + duration + UPTIME_STEP };
}

/** How long it is until then, in milliseconds: zero or less once either clock has passed it. */
export function timeUntil(moment: Moment): Milliseconds {
  const { monotonic, boottime } = present();
  return Math.min(moment.monotonic - monotonic, moment.boottime - boottime);
}

function present(): Moment {
  return { monotonic: monotonicNow(), boottime: uptime() * 1_000 };
}

/** Not `performance.now()`: Node would load a module for it at each start. */
function monotonicNow(): Milliseconds {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** Why a timer is not needed any more; given, or Node makes an error with a stack. */
const DONE = "done";

/**
 * The promise's outcome, or a rejection with `late()` if it has none within `duration`. A process that had no CPU for a while comes to
 * its timers before it comes to what has arrived meanwhile, so what has is read first.
 */
export async function within<T>(
  clock: Clock,
  duration: Milliseconds,
  promise: Promise<T>,
  late: () => Error,
): Promise<T> {
  const done = new AbortController();
  const { signal } = done;
  const timer = new Promise<never>((_, reject) => {
    void clock.sleep(duration, signal).then(async () => {
      if (!signal.aborted) await eventLoopTurn();
      // An error is not made for nothing: that takes longer than all the rest.
      if (!signal.aborted) reject(late());
    });
  });
  return Promise.race([promise, timer]).finally(() => done.abort(DONE));
}
