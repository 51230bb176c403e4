import type { ChildProcess } from "node:child_process";
import { subscribe } from "node:diagnostics_channel";
import type { Clock } from "./clock.js";
import type { Milliseconds } from "./duration.js";
import type { Libc } from "./libc.js";
import { childrenOf } from "./proc.js";

/** Our children, told by whose they are. */
export interface Children {
  /** Whether Node started it and has not seen its end: then Node waits for it, and nobody else may. */
  readonly nodes: (pid: number) => boolean;
  /** Whether it is an orphan that fell to us: neither started by us, nor there before our program began. */
  readonly adopted: (pid: number) => boolean;
}

/** Begins to tell our children apart. Call it before anything is started. */
export function tellChildren(): Children {
  const before = new Set(childrenOf(process.pid));
  const spawned = new Set<ChildProcess>();
  // The process id is not known yet when a child is announced.
  subscribe("child_process", (message) => void spawned.add((message as { process: ChildProcess }).process));
  const nodes = (pid: number): boolean => {
    for (const child of spawned) if (child.exitCode !== null || child.signalCode !== null) spawned.delete(child);
    return [...spawned].some((child) => child.pid === pid);
  };
  return { nodes, adopted: (pid) => !before.has(pid) && !nodes(pid) };
}

/** So many are reaped in one turn of the event loop: renewals have their turn too while thousands die at once. */
const BATCH = 256;
/** Signals of the same kind become one; a look now and then finds whom they did not tell of. */
const SWEEP_EVERY: Milliseconds = 1_000;

/** Reaps what is nobody's but ours until the signal is aborted: orphans, and children there before us. */
export async function reapOrphans(libc: Libc, children: Children, clock: Clock, signal: AbortSignal): Promise<void> {
  let next: NodeJS.Immediate | undefined;
  const sweep = (): void => {
    next = undefined;
    for (let count = 0; count < BATCH; count++) {
      const pid = libc.zombie();
      if (pid === undefined) return;
      // libuv takes it before our next turn; until then it hides the others.
      if (children.nodes(pid)) break;
      libc.reap(pid);
    }
    soon();
  };
  const soon = (): void => void (next ??= setImmediate(sweep));
  process.on("SIGCHLD", soon);
  while (!signal.aborted) {
    soon();
    await clock.sleep(SWEEP_EVERY, signal);
  }
  process.removeListener("SIGCHLD", soon);
}
