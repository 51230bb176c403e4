import { readFileSync } from "node:fs";

/** In bytes. */
export interface Memory {
  /** What ends with the process: no other one has it mapped. */
  readonly private: number;
  /** With what it shares, such as Node's own code. */
  readonly resident: number;
}

/** The memory of a process as the kernel counts it now. Linux alone. */
export function memoryOf(pid: number): Memory {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, "latin1");
  const field = (name: string): number => {
    const kilobytes = new RegExp(`^${name}: +(\\d+) kB$`, "m").exec(rollup)?.[1];
    if (kilobytes === undefined) throw new Error(`/proc/${pid}/smaps_rollup has no ${name}`);
    return Number(kilobytes) * 1024;
  };
  return { private: field("Private_Clean") + field("Private_Dirty"), resident: field("Rss") };
}
