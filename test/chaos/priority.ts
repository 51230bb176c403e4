import { writeFileSync } from "node:fs";
import { setPriority } from "node:os";

/** How much better than everybody else the rig is served. */
const ADVANTAGE = 10;

let raised = false;

/**
 * Has this process and those that it starts from now on served before others, so that the network between candidates and etcd, which
 * is this process, does not wait with them when they want for CPU. @returns whether that could be had: it takes root.
 */
export function raisePriority(): boolean {
  try {
    setPriority(-ADVANTAGE);
    raised = true;
    // Where Linux shares the CPU between sessions, a process has its priority within its own only.
    writeFileSync("/proc/self/autogroup", String(-ADVANTAGE));
  } catch {
    // Not root: a stall of the rig is then a delay on all links, and is told as such.
  }
  return raised;
}

/** The same command line, served like any other process. */
export function atUsualPriority(command: readonly string[]): readonly string[] {
  return raised ? ["nice", "-n", String(ADVANTAGE), ...command] : command;
}
