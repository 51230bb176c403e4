import { readFileSync } from "node:fs";
import { isLiving, processRow } from "../helpers/processes.js";
import type { Terminal } from "../helpers/terminal.js";
import { until } from "../helpers/until.js";

/** Whether a process is in the foreground of its terminal. */
export function inForeground(pid: number): boolean {
  const [, , group, , , foreground] = stat(pid);
  return group === foreground;
}

/** Ticks of 10 ms that a process has computed so far. */
export function ticks(pid: number): number {
  const fields = stat(pid);
  return Number(fields[11]) + Number(fields[12]);
}

/** What follows the name in /proc/PID/stat: see proc(5). */
function stat(pid: number): string[] {
  const text = readFileSync(`/proc/${pid}/stat`, "latin1");
  return text.slice(text.lastIndexOf(")") + 2).split(" ");
}

/** Waits until each of these processes is stopped. */
export async function stopped(...pids: readonly number[]): Promise<void> {
  await until(`${pids.join(" and ")} to be stopped`, () => pids.every((pid) => processRow(pid)?.state === "T"));
}

/** Waits until each of these processes goes on. */
export async function goingOn(...pids: readonly number[]): Promise<void> {
  const goesOn = (pid: number): boolean => {
    const row = processRow(pid);
    return row !== undefined && isLiving(row) && row.state !== "T";
  };
  await until(`${pids.join(" and ")} to go on`, () => pids.every(goesOn));
}

/** while-leader's process and the command's. */
export async function both(terminal: Terminal): Promise<[number, number]> {
  return [await terminal.wrapperPid(), await terminal.commandPid()];
}
