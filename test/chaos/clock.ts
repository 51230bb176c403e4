/** Milliseconds on the host's monotonic clock, which all processes of a run share. */
export function monotonic(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

// test/fixtures/known-clock.js jumps by multiples of this.
const JUMP = 1e9;
/** Later than any clock that fixture shows (in 1970), earlier than any real one. */
const FIRST_REAL_TIME = 1e12;

/**
 * The monotonic time at which a log line was written, from the wall clock that it shows: the fixture's, whose jumps are taken out
 * again, or the host's own, which is taken not to have been set since.
 */
export function monotonicOf(time: string, now = monotonic(), wallNow = Date.now()): number {
  const shown = Date.parse(time);
  if (shown > FIRST_REAL_TIME) return shown - wallNow + now;
  return shown + Math.round((now - shown) / JUMP) * JUMP;
}

/** How often a rig looks whether it gets to run, and how late that may be before it counts as a stall. */
const [LOOK_EVERY, LATE] = [20, 100];

/** The times in which this process did not get to run: all that passed through it waited meanwhile. */
export class Stalls {
  readonly seen: { readonly from: number; readonly to: number }[] = [];
  readonly #timer: NodeJS.Timeout;

  constructor() {
    let last = monotonic();
    this.#timer = setInterval(() => {
      const now = monotonic();
      if (now - last > LATE) this.seen.push({ from: last, to: now });
      last = now;
    }, LOOK_EVERY);
  }

  end(): void {
    clearInterval(this.#timer);
  }
}
