import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** `O_CLOEXEC` in `/proc/self/fdinfo`, octal 02000000. */
const CLOSE_ON_EXEC = 0o2000000;
/** `O_ACCMODE`; 0 in it is read-only. */
const ACCESS_MODE = 0o3;

/**
 * The descriptors from 3 up that whoever started us left open for the command, and that Node would close.
 *
 * Call it before anything else opens files or sockets. Node's own are told by what they are: event descriptors, pipes with both ends
 * here that our parent does not have, and `/dev/null` to read from, all of them above its first epoll descriptor, which took the
 * lowest number that was free.
 */
export function inheritedDescriptors(): readonly number[] {
  const open = openDescriptors("self");
  const first = open.find(({ target }) => target === "anon_inode:[eventpoll]")?.number ?? Infinity;
  const shared = new Set(openDescriptors(process.ppid).map(({ target }) => target));
  const madeByNode = ({ number, target }: Descriptor): boolean => {
    if (target === "/dev/null") return (flagsOf(number) & ACCESS_MODE) === 0;
    if (!target.startsWith("pipe:")) return target.startsWith("anon_inode:");
    return !shared.has(target) && open.filter((other) => other.target === target).length > 1;
  };
  return open
    .filter((one) => one.number >= 3 && (one.number < first || !madeByNode(one)))
    .map(({ number }) => number)
    .filter((number) => (flagsOf(number) & CLOSE_ON_EXEC) !== 0);
}

/**
 * Gives us back the soft limit on open files that we were started with, so that the command inherits it: Node raises it to the hard
 * one (nodejs/node#51072). Our parent's tells what it was. PID 1 has no parent to look at, and keeps what Node made of it.
 */
export function restoreOpenFileLimit(): void {
  const [was, is] = [openFileLimit(process.ppid), openFileLimit("self")];
  if (was === undefined || is === undefined || was.hard !== is.hard || was.soft === is.soft) return;
  spawnSync("prlimit", ["--pid", String(process.pid), `--nofile=${was.soft}:`], { stdio: "ignore", timeout: 1_000 });
}

interface Descriptor {
  readonly number: number;
  readonly target: string;
}

function openDescriptors(pid: number | "self"): readonly Descriptor[] {
  try {
    return readdirSync(`/proc/${pid}/fd`)
      .map(Number)
      .toSorted((a, b) => a - b)
      .flatMap((number) => descriptor(pid, number));
  } catch {
    return []; // no /proc, or another user's
  }
}

function descriptor(pid: number | "self", number: number): Descriptor[] {
  try {
    return [{ number, target: readlinkSync(`/proc/${pid}/fd/${number}`) }];
  } catch {
    return []; // the one that listed the folder
  }
}

/** Those that it was opened with, see open(2); 0 if nobody can tell. */
function flagsOf(number: number): number {
  try {
    const info = readFileSync(`/proc/self/fdinfo/${number}`, "latin1");
    return parseInt(/^flags:\s*([0-7]+)/m.exec(info)?.[1] ?? "0", 8);
  } catch {
    return 0;
  }
}

function openFileLimit(pid: number | "self"): { soft: string; hard: string } | undefined {
  try {
    const [, soft, hard] = /^Max open files\s+(\S+)\s+(\S+)/m.exec(readFileSync(`/proc/${pid}/limits`, "latin1")) ?? [];
    return soft !== undefined && hard !== undefined ? { soft, hard } : undefined;
  } catch {
    return undefined;
  }
}
