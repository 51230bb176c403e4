/** A duration in three or four signs and its unit. */
export function timed(ms: number): string {
  if (ms === Infinity) return "never";
  if (ms >= 999.5) return `${(ms / 1_000).toFixed(2)} s`;
  if (ms < 0.9995) return `${Math.round(ms * 1_000)} µs`;
  return ms < 9.95 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`;
}

/** Megabytes, and of what is small kilobytes. */
export function sized(bytes: number): string {
  return bytes < 99_500 ? `${(bytes / 1e3).toFixed(0)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

/** How many times the second goes into the first, to two digits. */
export function ratio(first: number, second: number): string {
  return times(first / second);
}

export function times(quotient: number): string {
  if (Number.isNaN(quotient)) return "–";
  if (quotient === Infinity) return "∞";
  return `${quotient < 9.95 ? Number(quotient.toPrecision(2)) : Math.round(quotient)} x`;
}
