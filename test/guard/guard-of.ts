import { readFileSync } from "node:fs";
import type { Row } from "../helpers/processes.js";
import { processTable } from "../helpers/processes.js";
import { until } from "../helpers/until.js";

/** The living guards of a while-leader, by its process id. */
export function guardsOf(wrapper: number): readonly Row[] {
  return processTable().filter(({ pid, ppid, state }) => ppid === wrapper && state !== "Z" && isGuard(pid));
}

/** The guard of a while-leader, once there is one; with `other`, once there is another one. */
export function guardOf(wrapper: number, other?: number): Promise<number> {
  return until("a guard", () => guardsOf(wrapper).find(({ pid }) => pid !== other)?.pid);
}

/** What it was started with. */
export function argumentsOf(pid: number): string {
  return readOf(pid, "cmdline");
}

export function environmentOf(pid: number): string {
  return readOf(pid, "environ");
}

function isGuard(pid: number): boolean {
  return argumentsOf(pid).includes("guard-main");
}

function readOf(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "latin1");
  } catch {
    return ""; // gone meanwhile
  }
}
