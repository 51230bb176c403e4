import { monotonicOf } from "./clock.js";
import type { LogLine } from "./history.js";

/** A wrapper's log, with its guard's lines in it, and whatever else is there: half a line where a disk was full, or a crash. */
export function readLog(text: string): { log: LogLine[]; strange: string[] } {
  const lines = text.split("\n").filter((line) => line !== "");
  const log = lines.map(logLine);
  return {
    log: log.filter((line) => line !== undefined),
    strange: lines.filter((_, index) => log[index] === undefined),
  };
}

function logLine(line: string): LogLine | undefined {
  try {
    const { time, ...fields } = JSON.parse(line) as { time: string; event: string };
    return { ...fields, at: monotonicOf(time) };
  } catch {
    return undefined;
  }
}
