import { closeSync, openSync, readdirSync, readlinkSync, readSync } from "node:fs";
import type { Signal } from "./signals.js";
import { signalMask } from "./signals.js";

/** A process that is there, as `/proc/pid/stat` has it. */
export interface Entry {
  readonly pid: number;
  /** `T` is stopped; see proc(5). */
  readonly state: string;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** Start time in clock ticks: with the pid it names a process for good. */
  readonly started: string;
}

/** Whether there is a `/proc`, and it is that of our own namespace. */
export function procIsOurs(): boolean {
  return unlessAbsent(() => readlinkSync("/proc/self")) === String(process.pid);
}

/** Every process but zombies. */
export interface Census {
  readonly entries: readonly Entry[];
  /** Whether at one moment there was nobody else. False where they come and go faster than anybody can look. */
  readonly settled: boolean;
}

/** Where so many come and go faster than one can look at them, nobody is the last one. */
const MOST_LISTS = 20;

/**
 * Looks at every process. A list of them is old when the last one on it is looked at: who was on it may have ended, and have left a
 * child that is not. So the list is made anew until whoever is new on it was seen while it lived. (That there is nobody new would be
 * too much to ask of a busy host, where somebody always is.)
 *
 * @param look what else to learn of each while it is there. It returns whether that could be learnt: who is just starting another
 * program shows nothing, and neither does who is just ending. It is looked at once more; who has nothing to show is the same then.
 * @returns undefined without a `/proc` of ours.
 * @throws what keeps us from looking, a lack of descriptors for example.
 */
export function everyProcess(look: (entry: Entry) => boolean = () => true): Census | undefined {
  if (!procIsOurs()) return undefined;
  const listed = new Set<string>();
  const unclear = new Set<string>();
  const entries = new Map<string, Entry>();
  for (let lists = 1; lists <= MOST_LISTS; lists++) {
    let missed = 0;
    for (const name of readdirSync("/proc")) {
      if (listed.has(name) || !/^\d+$/.test(name)) continue;
      const entry = entryOf(Number(name));
      if (entry !== undefined) entries.set(name, entry);
      if (entry !== undefined && (look(entry) || unclear.has(name))) listed.add(name);
      else {
        missed++;
        (entry === undefined ? listed : unclear).add(name);
      }
    }
    // Who hops from one number to a lower one can be on no single list.
    if (lists > 1 && missed === 0) return { entries: [...entries.values()], settled: true };
  }
  return { entries: [...entries.values()], settled: false };
}

/** @returns undefined for a process that is gone or a zombie. @throws as `everyProcess`. */
export function entryOf(pid: number): Entry | undefined {
  const stat = unlessAbsent(() => contentsOf(pid, "stat").toString("latin1"));
  if (stat === undefined) return undefined;
  // The name in parentheses may hold anything, also parentheses and spaces.
  const [state = "", parent, group, session, ...rest] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  // A process whose first thread has ended shows as a zombie while its other threads work on.
  if (state === "X" || (state === "Z" && Number(rest[13]) <= 1)) return undefined;
  return {
    pid,
    state,
    parent: Number(parent),
    group: Number(group),
    session: Number(session),
    started: rest[15] ?? "",
  };
}

/**
 * Whether a text is in the environment that a process was started with; false if that is not for us to read, undefined if there is
 * none: the process ends, or is just becoming another program, or was given an empty one, as are the kernel's.
 *
 * @throws as `everyProcess`.
 */
export function isStartedWith(pid: number, text: string): boolean | undefined {
  try {
    const environment = contentsOf(pid, "environ");
    return environment.length === 0 ? undefined : environment.includes(text);
  } catch (error) {
    if (isOf(GONE, error)) return undefined;
    if (isOf(DENIED, error)) return false;
    throw error;
  }
}

/** The value of a variable in the environment that a process was started with. Never throws. */
export function variableOf(pid: number, name: string): string | undefined {
  const entries = fileOf(pid, "environ")?.split("\0");
  return entries?.find((entry) => entry.startsWith(`${name}=`))?.slice(name.length + 1);
}

/** The arguments of a process, a NUL after each. Never throws: empty if nobody can tell. */
export function argumentsOf(pid: number): string {
  return fileOf(pid, "cmdline") ?? "";
}

/** Children of a process' first thread; none where the kernel does not list them. Never throws. */
export function childrenOf(pid: number): readonly number[] {
  const list = fileOf(pid, `task/${pid}/children`) ?? "";
  return list.split(" ").filter(Boolean).map(Number);
}

/** Whether a process does nothing but wait for a child. Never throws: false if nobody can tell. */
export function awaitsChild(pid: number): boolean {
  return fileOf(pid, "wchan") === "do_wait";
}

/** Whether a process was stopped by a signal. Never throws: false if nobody can tell. */
export function isStopped(pid: number): boolean {
  return attempt(() => entryOf(pid)?.state) === "T";
}

/** Whether a process neither catches nor ignores a signal. Never throws: false if nobody can tell. */
export function leavesToKernel(pid: number, signal: Signal): boolean {
  const masks = [statusOf(pid, "SigCgt"), statusOf(pid, "SigIgn")];
  return masks.every((mask) => mask !== undefined && (BigInt(`0x${mask}`) & signalMask(signal)) === 0n);
}

/** A line of `/proc/pid/status`. Never throws. */
export function statusOf(pid: number, field: string): string | undefined {
  const lines = fileOf(pid, "status")?.split("\n");
  return lines
    ?.find((line) => line.startsWith(`${field}:`))
    ?.slice(field.length + 1)
    .trim();
}

/** @returns undefined where looking fails. */
export function attempt<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}

function fileOf(pid: number, name: string): string | undefined {
  return attempt(() => contentsOf(pid, name).toString("latin1"));
}

/** Used again for every file: a look at all processes would leave a megabyte behind, which a guard should not have. */
let room = Buffer.alloc(4_096);

/** @returns what is good until the next call. */
function contentsOf(pid: number, name: string): Buffer {
  const descriptor = openSync(`/proc/${pid}/${name}`, "r");
  try {
    for (let length = 0; ;) {
      length += readSync(descriptor, room, length, room.length - length, null);
      // The kernel hands out all that there is room for.
      if (length < room.length) return room.subarray(0, length);
      room = Buffer.concat([room], 2 * length);
    }
  } finally {
    closeSync(descriptor);
  }
}

const GONE: ReadonlySet<string | undefined> = new Set(["ENOENT", "ESRCH"]);
/** Another user's. */
const DENIED: ReadonlySet<string | undefined> = new Set(["EACCES", "EPERM"]);

const isOf = (codes: ReadonlySet<string | undefined>, error: unknown): boolean =>
  codes.has((error as NodeJS.ErrnoException).code);

function unlessAbsent<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (isOf(GONE, error) || isOf(DENIED, error)) return undefined;
    throw error;
  }
}
