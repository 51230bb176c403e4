import { readdirSync, readFileSync, readlinkSync } from "node:fs";
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
  /**
   * Those that are there and not zombies.
   *
   * @throws what keeps us from looking (no descriptor is free, say): not seen is not gone.
   */
  alive(): number[];
  /** Sends a signal to each of them that can be found. Never throws. @returns to how many; undefined if nobody can tell. */
  signal(signal: Signal): number | undefined;
}

interface Entry {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** Start time in clock ticks: with the pid it names a process for good. */
  readonly started: string;
}

/** The processes of the workload that `belonging` describes. Call it as soon as the root was started. */
export function processesOf(belonging: Belonging): Processes {
  const { root, ownGroup, marker } = belonging;
  // With its time of birth a process is known for good; its number alone may go to somebody else.
  const birth = attempt(() => entryOf(root)?.started);
  const seen = new Map<number, string | undefined>([[root, birth]]);
  const rootLives = (): boolean => birth !== undefined && entryOf(root)?.started === birth;

  const members = (): readonly Entry[] | undefined => {
    const entries = everyProcess();
    if (entries === undefined) return undefined;
    const grouped = ownGroup && !entries.some(({ pid, started }) => pid === root && started !== seen.get(root));
    const belongs = (entry: Entry): boolean =>
      seen.get(entry.pid) === entry.started ||
      // To PID 1 fall all orphans of its namespace; whoever came by `docker exec` has no parent here.
      (process.pid === 1 && entry.parent === 1) ||
      (grouped && (entry.group === root || entry.session === root)) ||
      environment(entry.pid).includes(marker);
    const ours = new Set(entries.filter((entry) => entry.pid !== process.pid && belongs(entry)).map(({ pid }) => pid));
    for (let before = 0; before < ours.size;) {
      before = ours.size;
      for (const { pid, parent } of entries) if (ours.has(parent)) ours.add(pid);
    }
    const living = entries.filter(({ pid }) => ours.has(pid));
    for (const { pid, started } of living) seen.set(pid, started);
    return living;
  };

  return {
    alive() {
      const living = members();
      if (living !== undefined) return living.map(({ pid }) => pid);
      return ownGroup && groupExists(root) ? [-root] : [];
    },
    signal(signal) {
      // To look takes time, in which somebody else may lead already.
      if (signal === "SIGKILL" && attempt(rootLives)) send(ownGroup ? -root : root, "SIGSTOP");
      const living = attempt(members);
      // The group at once, before anybody in it can fork again.
      if (ownGroup && (living?.some(({ group }) => group === root) ?? true)) send(-root, signal);
      for (const { pid, group } of living ?? []) if (!(ownGroup && group === root)) send(pid, signal);
      return living?.length;
    },
  };
}

/** @returns undefined where there is no `/proc`, or only that of another namespace. */
function everyProcess(): readonly Entry[] | undefined {
  if (unlessAbsent(() => readlinkSync("/proc/self")) !== String(process.pid)) return undefined;
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.map((pid) => entryOf(Number(pid))).filter((entry) => entry !== undefined);
}

/** @returns undefined for a process that is gone or a zombie. See proc(5), `/proc/pid/stat`. */
function entryOf(pid: number): Entry | undefined {
  const stat = unlessAbsent(() => readFileSync(`/proc/${pid}/stat`, "latin1"));
  if (stat === undefined) return undefined;
  // The name in parentheses may hold anything, also parentheses and spaces.
  const [state = "", parent, group, session, ...rest] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  // A process whose first thread has ended shows as a zombie while its other threads work on.
  if (state === "X" || (state === "Z" && Number(rest[13]) <= 1)) return undefined;
  return { pid, parent: Number(parent), group: Number(group), session: Number(session), started: rest[15] ?? "" };
}

function environment(pid: number): string {
  return unlessAbsent(() => readFileSync(`/proc/${pid}/environ`, "latin1")) ?? "";
}

/** Gone meanwhile, or another user's, whom we could not signal either. */
const ABSENT: ReadonlySet<string | undefined> = new Set(["ENOENT", "ESRCH", "EACCES", "EPERM"]);

function unlessAbsent<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (ABSENT.has((error as NodeJS.ErrnoException).code)) return undefined;
    throw error;
  }
}

function attempt<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
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
