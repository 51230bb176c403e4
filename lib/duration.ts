/** Milliseconds. Every duration inside the program is one; only options and messages have other units. */
export type Milliseconds = number;

const UNIT: Readonly<Record<string, Milliseconds>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** Longer than this is a slip of the pen, and more than a 32-bit count of seconds is more than etcd's clients take. */
const LONGEST: Milliseconds = 2 ** 31 * 1_000;

/**
 * Reads `500ms`, `8s`, `1m30s`, `1.5h` or a bare number of seconds.
 *
 * @returns milliseconds, or undefined if the text is not a duration.
 */
export function parseDuration(text: string): Milliseconds | undefined {
  const bare = /^\d+(\.\d+)?$/.test(text);
  if (!bare && !/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text)) return undefined;
  const parts = bare ? [[text, text, "s"]] : [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)];
  const total = parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * (UNIT[unit ?? ""] ?? 0), 0);
  // Whole microseconds: 4.1 minutes are 246,000 ms, not what floating point makes of them.
  return total <= LONGEST ? Math.round(total * 1_000) / 1_000 : undefined;
}

/** Writes a duration as people do: `900ms`, `8s`, `1m30s`. Rounded to a millisecond. */
export function formatDuration(duration: Milliseconds): string {
  const ms = Math.round(duration);
  if (ms < 1_000) return `${ms}ms`;
  const [hours, minutes, seconds] = [Math.floor(ms / 3_600_000), Math.floor(ms / 60_000) % 60, (ms % 60_000) / 1_000];
  return [hours ? `${hours}h` : "", minutes ? `${minutes}m` : "", seconds ? `${seconds}s` : ""].join("");
}
