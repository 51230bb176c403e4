import { readdirSync, readFileSync } from "node:fs";
import type { Signal } from "./signals.js";

/** How the processes of one workload are told from all others. */
export interface Belonging {
  /** The command's own process id: it and its descendants belong. */
  readonly root: number;
  /** Whether the command leads a process group and session of its own: whoever is in them belongs. */
  readonly ownGroup: boolean;
  /** Whoever has this text in its environment belongs, wherever it went. */
  readonly marker: string;
}

/** Every process of one workload, also those that left its group by setsid or a double fork. */
export interface Processes {
  /** Those that are there and not zombies. */
  alive(): number[];
  /** Sends a signal to each of them. */
  signal(signal: Signal): void;
}

interface Entry {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** Start time in clock ticks: with the pid it names a process for good. */
  readonly started: string;
}

/** The processes of the workload that `belonging` describes. Without `/proc` only its process group is known. */
export function processesOf(belonging: Belonging): Processes {
  // A process once seen as ours stays ours, also when its parent is gone.
  const seen = new Map<number, string>();

  const members = (): number[] => {
    const entries = everyProcess();
    if (entries === undefined) return belonging.ownGroup && groupExists(belonging.root) ? [-belonging.root] : [];
    const ours = new Set(entries.filter((entry) => recognised(entry, belonging, seen)).map(({ pid }) => pid));
    for (let before = 0; before < ours.size;) {
      before = ours.size;
      for (const { pid, parent } of entries) if (ours.has(parent)) ours.add(pid);
    }
    const living = entries.filter(({ pid }) => ours.has(pid));
    for (const { pid, started } of living) seen.set(pid, started);
    return living.map(({ pid }) => pid);
  };

  return {
    alive: members,
    signal(signal) {
      // The group first: one call, before anybody in it can fork again.
      if (belonging.ownGroup) send(-belonging.root, signal);
      for (const pid of members()) if (!(belonging.ownGroup && groupOf(pid) === belonging.root)) send(pid, signal);
    },
  };
}

function recognised(entry: Entry, { root, ownGroup, marker }: Belonging, seen: ReadonlyMap<number, string>): boolean {
  if (entry.pid === process.pid) return false;
  if (entry.pid === root || seen.get(entry.pid) === entry.started) return true;
  // To PID 1 fall all orphans of its namespace; whoever came by `docker exec` has no parent here.
  if (process.pid === 1 && entry.parent === 1) return true;
  return (ownGroup && (entry.group === root || entry.session === root)) || environment(entry.pid).includes(marker);
}

/** @returns undefined where there is no `/proc`. */
function everyProcess(): Entry[] | undefined {
  try {
    const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
    return pids.map((pid) => entryOf(pid)).filter((entry) => entry !== undefined);
  } catch {
    return undefined;
  }
}

/** @returns undefined for a process that is gone or a zombie. See proc(5), `/proc/pid/stat`. */
function entryOf(pid: string): Entry | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The name in parentheses may hold anything, also parentheses and spaces.
    const [state = "", parent, group, session, ...rest] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if ("ZX".includes(state)) return undefined;
    return {
      pid: Number(pid),
      parent: Number(parent),
      group: Number(group),
      session: Number(session),
      started: rest[15] ?? "",
    };
  } catch {
    return undefined;
  }
}

function groupOf(pid: number): number | undefined {
  return entryOf(String(pid))?.group;
}

function environment(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, "latin1");
  } catch {
    return "";
  }
}

function groupExists(group: number): boolean {
  try {
    return process.kill(-group, 0);
  } catch {
    return false;
  }
}

function send(target: number, signal: Signal): void {
  try {
    process.kill(target, signal);
  } catch {
    // Gone meanwhile, which is what the signal is for; or another user's, which nothing here can change.
  }
}
