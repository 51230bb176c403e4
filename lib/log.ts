import { writeSync } from "node:fs";

/** From what always matters to what only debugging needs. */
export type Level = "error" | "warn" | "info" | "debug" | "trace";

const LEVELS: readonly Level[] = ["error", "warn", "info", "debug", "trace"];

/** Facts that belong to an event; undefined ones are left out. */
export type Fields = Readonly<Record<string, string | number | boolean | undefined>>;

/** Writes one line for each fact. */
export type Log = (level: Level, event: string, fields?: Fields) => void;

export interface LogOptions {
  readonly format: "text" | "json";
  /** The least important level that is written. */
  readonly level: Level;
}

/** A log on stderr: logfmt-like text, or one JSON object a line. */
export function stderrLog({ format, level }: LogOptions): Log {
  const most = LEVELS.indexOf(level);
  return (severity, event, fields = {}) => {
    if (LEVELS.indexOf(severity) > most) return;
    const known = Object.entries(fields).filter(([, value]) => value !== undefined);
    const line =
      format === "json"
        ? JSON.stringify({ time: new Date().toISOString(), level: severity, event, ...Object.fromEntries(known) })
        : ["while-leader:", event, ...known.map(([name, value]) => `${name}=${quoted(String(value))}`)].join(" ");
    writeLine(line);
  };
}

/** Writes a line to stderr as it is, for what must be said before there is a log. */
export function writeLine(line: string): void {
  writeTo(2, `${line}\n`);
}

/**
 * Writes to a descriptor that the workload shares, without ever touching `process.stdout` or `process.stderr`: those would switch
 * it to non-blocking mode under the workload's feet.
 */
export function writeTo(descriptor: 1 | 2, text: string): void {
  try {
    writeSync(descriptor, text);
  } catch {
    // A full pipe, a closed one or a terminal that hung up: a log line is not worth the workload.
  }
}

function quoted(value: string): string {
  return /^[^\s"=\p{Cc}]+$/u.test(value) ? value : JSON.stringify(value);
}
