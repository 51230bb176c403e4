/** A duration in three or four signs and its unit. */
export function timed(ms: number): string {
  if (ms === Infinity) return "never";
  if (ms >= 999.5) return `${(ms / 1_000).toFixed(2)} s`;
  return ms < 9.95 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`;
}

export function sized(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

/** How many times the second goes into the first, to two digits. */
export function ratio(first: number, second: number): string {
  const times = first / second;
  if (Number.isNaN(times)) return "–";
  return times === Infinity ? "∞" : `${times < 9.95 ? Number(times.toPrecision(2)) : Math.round(times)} x`;
}
