import { readdirSync, readFileSync } from "node:fs";

/**
 * Milliseconds of processor time that a process has used since it began, of all threads that it has now. From schedstat,
 * which counts nanoseconds: the ticks of /proc/PID/stat are longer than what some programs need in a minute.
 */
export function processorTime(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  const used = threads.map((thread) => readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "latin1").split(" ")[0]);
  return used.reduce((sum, nanoseconds) => sum + Number(nanoseconds) / 1e6, 0);
}
