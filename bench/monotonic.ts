/** Milliseconds on the clock that bench/clock.pl reads too: one for all processes of a host. */
export function monotonic(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
