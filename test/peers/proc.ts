import { readFileSync } from "node:fs";
import { constants } from "node:os";

/** The signals in one of the masks of `/proc/PID/status`. */
export function mask(pid: number, name: "SigCgt" | "SigIgn"): Set<string> {
  const status = readFileSync(`/proc/${pid}/status`, "latin1");
  const bits = BigInt(`0x${new RegExp(`^${name}:\\s*(\\w+)`, "m").exec(status)?.[1]}`);
  const all = Object.entries(constants.signals);
  return new Set(all.filter(([, number]) => (bits >> BigInt(number - 1)) & 1n).map(([signal]) => signal));
}

/** The processor time that a process has used so far, in seconds. */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  // The kernel tells it in hundredths, whatever its own clock does.
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
