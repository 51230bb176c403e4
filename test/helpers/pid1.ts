import { spawnSync } from "node:child_process";
import { readFileSync, readlinkSync } from "node:fs";
import type { Owner } from "./at-exit.js";
import { Child } from "./child.js";
import { processTable, signalProcess, type Row } from "./processes.js";
import { until } from "./until.js";

// --kill-child: nothing in there outlives unshare, whatever kills it.
const unshare = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"];
// What else it takes to do this, and to enter it, as somebody who is not root.
const [mapped, enterMapped] = [
  ["--user", "--map-root-user"],
  ["--user", "--preserve-credentials"],
];
const isRoot = process.getuid?.() === 0;

/**
 * Makes what comes after it PID 1 of a pid namespace with a /proc of its own: the `under` of a wrapper. It may stand among others:
 * before it what prepares the ground outside, after it what does so inside, and becomes the wrapper by `exec`. Its exit status is
 * then the run's own; by which signal PID 1 died cannot be told from it (unshare of util-linux 2.38 ends with 1).
 */
export const asPid1: readonly string[] = isRoot ? unshare : [...unshare, ...mapped];

/** Options of a test that needs it: skips the test, and says why, where nobody lets us. */
export const needsPid1: { readonly skip: false | string } = { skip: obstacle() };

/** Options of a test that needs root in it, such as one that mounts or becomes somebody else. */
export const needsRoot: { readonly skip: false | string } = isRoot ? needsPid1 : { skip: "only root can do this" };

function obstacle(): false | string {
  if (process.platform !== "linux") return "only Linux has pid namespaces";
  const [file = "", ...args] = asPid1;
  const { status, stderr, error } = spawnSync(file, [...args, "true"], { encoding: "utf8", timeout: 10_000 });
  if (error) return `needs unshare of util-linux: ${error.message}`;
  return status === 0 ? false : `needs a pid namespace of its own, and ${stderr.trim()}`;
}

/** The pid namespace of a wrapper that was started under `asPid1`, seen from outside. */
export interface Namespace {
  /** The pid that its PID 1 has outside. The wrapper's own `pid` is that of `unshare`, which passes no signal on. */
  readonly init: number;
  /** Sends a signal to PID 1 from outside, as `docker kill` does; false if it has ended. */
  kill(signal: NodeJS.Signals): boolean;
  /** The pid outside of the process that is `inner` inside; throws if there is none. */
  outer(inner: number): number;
  /** All that is in it, PID 1, zombies and whoever entered included, by their pids outside; nothing once PID 1 has gone. */
  members(): Row[];
  /** Starts a command in it as `docker exec` does: its parent is outside, so it has parent 0 inside. The pid is nsenter's. */
  enter(command: readonly string[], t: Owner): Child;
}

/** Resolves as soon as the wrapper, or what stands between it and `asPid1`, is PID 1 of its own. */
export async function namespaceOf(wrapper: Child): Promise<Namespace> {
  const init = await until("a PID 1", () => wrapper.descendants().find(({ pid }) => isInit(pid))?.pid);
  const space = spaceOf(init);
  const members = (): Row[] => processTable().filter(({ pid }) => space !== undefined && spaceOf(pid) === space);
  return {
    init,
    kill: (signal) => signalProcess(init, signal),
    outer(inner) {
      const found = members().find(({ pid }) => pidsOf(pid)[depth] === inner);
      if (!found) throw new Error(`no process ${inner} in the pid namespace of ${init}`);
      return found.pid;
    },
    members,
    enter(command, t) {
      const flags = [`--target=${init}`, "--pid", "--mount", ...(isRoot ? [] : enterMapped)];
      return new Child("nsenter", [...flags, "--", ...command], { t });
    },
  };
}

/** Under how many pid namespaces this process is known, which is where a process in the next one has its pid in there. */
const depth = pidsOf(process.pid).length;

/** unshare's own child is PID 1 too, for the moment until it executes what it was given. */
function isInit(pid: number): boolean {
  const pids = pidsOf(pid);
  return pids.length === depth + 1 && pids[depth] === 1 && field(pid, "Name") !== "unshare";
}

/** The numbers that a process has, in our pid namespace first. */
function pidsOf(pid: number): number[] {
  return (field(pid, "NSpid") ?? "").split("\t").filter(Boolean).map(Number);
}

function field(pid: number, name: string): string | undefined {
  try {
    return new RegExp(`^${name}:\\s*(.*)$`, "m").exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1];
  } catch {
    return undefined; // gone meanwhile, or no Linux
  }
}

function spaceOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`);
  } catch {
    return undefined; // gone meanwhile, or another user's
  }
}
