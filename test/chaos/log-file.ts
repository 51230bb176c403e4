import { monotonicOf } from "./clock.js";
import type { LogLine } from "./history.js";

/** A wrapper's log, with its guard's lines in it; what is no whole line is counted as torn. */
export function readLog(text: string): { log: LogLine[]; torn: number } {
  const lines = text.split("\n").filter((line) => line !== "");
  const log = lines.map(logLine).filter((line) => line !== undefined);
  return { log, torn: lines.length - log.length };
}

function logLine(line: string): LogLine | undefined {
  try {
    const { time, ...fields } = JSON.parse(line) as { time: string; event: string };
    return { ...fields, at: monotonicOf(time) };
  } catch {
    return undefined;
  }
}
