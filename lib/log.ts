import { closeSync, constants, fstatSync, openSync, writeSync } from "node:fs";
import type { Milliseconds } from "./duration.js";
import { quoted, visible } from "./visible.js";

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
  const describe = format === "json" ? json : text;
  const write = lineWriter();
  return (severity, event, fields = {}) => {
    if (LEVELS.indexOf(severity) <= most) write(`${describe(severity, event, fields)}\n`);
  };
}

/** For whoever only asks: that etcd answers is news to those alone who were told that it does not. */
export function afterTrouble(log: Log): Log {
  let trouble = false;
  return (level, event, fields) => {
    trouble ||= event === "unreachable";
    if (trouble || event !== "connected") log(level, event, fields);
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
export function writeTo(descriptor: number, line: string): void {
  try {
    writeSync(descriptor, line);
  } catch {
    // A full pipe, a closed one or a terminal that hung up: a log line is not worth the workload.
  }
}

/** So many lines wait for a reader that is slow; whoever does not read at all must not cost us our memory. */
const MOST_WAITING = 1_000;
/** Room is asked for again after so long. A terminal also has none for the moment in which somebody else writes to it. */
const RETRY_AFTER: Milliseconds = 50;
/** How often, and how many milliseconds apart, what still waits is tried again when the process ends. */
const [LAST_TRIES, LAST_PAUSE] = [50, 10];

/** Writes lines to stderr in order and without ever waiting; those that find no room go as soon as there is some, or at the end. */
function lineWriter(): (line: string) => void {
  const descriptor = patientDescriptor();
  let waiting: Buffer[] = [];
  let retry: NodeJS.Timeout | undefined;
  const send = (): void => {
    try {
      while (waiting[0] !== undefined) {
        const rest = waiting[0].subarray(writeSync(descriptor, waiting[0]));
        waiting = rest.length > 0 ? [rest, ...waiting.slice(1)] : waiting.slice(1);
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EAGAIN") retry ??= setTimeout(again, RETRY_AFTER).unref();
      else waiting = []; // nobody will ever read it
    }
  };
  const again = (): void => {
    retry = undefined;
    send();
  };
  process.once("exit", () => {
    const never = new Int32Array(new SharedArrayBuffer(4));
    for (let tries = 0; waiting.length > 0 && tries < LAST_TRIES; tries++) {
      if (tries > 0) Atomics.wait(never, 0, 0, LAST_PAUSE);
      send();
    }
  });
  return (line) => {
    waiting = [...waiting.slice(-MOST_WAITING), Buffer.from(line)];
    send();
  };
}

/**
 * Stderr, opened once more so that it can be non-blocking for us alone: were we to wait for whoever reads it, renewals and deadlines
 * would wait too, and the lease would run out under a running workload. A file never blocks; a socket cannot be opened again.
 */
function patientDescriptor(): number {
  let again: number | undefined;
  try {
    const stderr = fstatSync(2);
    if (!stderr.isFIFO() && !stderr.isCharacterDevice()) return 2;
    again = openSync("/proc/self/fd/2", constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
    if (fstatSync(again).ino === stderr.ino) return again;
  } catch {
    // Closed, another user's, or no /proc.
  }
  if (again !== undefined) closeSync(again);
  return 2;
}

function json(level: Level, event: string, fields: Fields): string {
  return JSON.stringify({ time: new Date().toISOString(), level, event, ...fields });
}

/** Errors are sentences, everything else is facts. */
function text(level: Level, event: string, { error, ...fields }: Fields): string {
  const told = level === "error" && error !== undefined;
  const rest = Object.entries(told ? fields : { ...fields, error }).filter(([, value]) => value !== undefined);
  // Only a stack trace has lines.
  const head = told
    ? String(error)
        .split("\n")
        .map(visible)
        .join(event === "bug" ? "\n" : "\\n")
    : event;
  return ["while-leader:", head, ...rest.map(([name, value]) => `${name}=${quoted(String(value))}`)].join(" ");
}
