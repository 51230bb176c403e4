import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** libuv marks this many descriptors close-on-exec at the start; the ones above pass through exec untouched. */
const MARKED = 16;

/** `O_CLOEXEC` in `/proc/self/fdinfo`, octal 02000000. */
const CLOSE_ON_EXEC = 0o2000000;

/**
 * The descriptors from 3 up that whoever started us left open for the command, and that Node would close.
 *
 * Call it before anything else opens files or sockets. Node's own are told by what they are: event descriptors, pipes with both ends
 * in this process, and `/dev/null`, all of them above its first epoll descriptor, which took the lowest number that was free.
 */
export function inheritedDescriptors(): readonly number[] {
  const open = openDescriptors();
  const first = open.find(({ target }) => target === "anon_inode:[eventpoll]")?.number ?? MARKED;
  const bothEnds = (target: string): boolean =>
    target.startsWith("pipe:") && open.filter((other) => other.target === target).length > 1;
  return open
    .filter(({ number, target, flags }) => {
      if (number < 3 || number >= MARKED || (flags & CLOSE_ON_EXEC) === 0) return false;
      return number < first || !(target.startsWith("anon_inode:") || target === "/dev/null" || bothEnds(target));
    })
    .map(({ number }) => number);
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
  readonly flags: number;
}

function openDescriptors(): readonly Descriptor[] {
  try {
    return readdirSync("/proc/self/fd")
      .map(Number)
      .toSorted((a, b) => a - b)
      .map((number) => descriptor(number))
      .filter((known) => known !== undefined);
  } catch {
    return []; // no /proc
  }
}

function descriptor(number: number): Descriptor | undefined {
  try {
    const flags = /^flags:\s*([0-7]+)/m.exec(readFileSync(`/proc/self/fdinfo/${number}`, "latin1"))?.[1] ?? "0";
    return { number, target: readlinkSync(`/proc/self/fd/${number}`), flags: parseInt(flags, 8) };
  } catch {
    return undefined; // the one that listed the folder
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
