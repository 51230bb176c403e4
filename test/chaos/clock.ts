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
