import type { Clock } from "./clock.js";
import type { Milliseconds } from "./duration.js";
import type { Entry } from "./proc.js";
import * as proc from "./proc.js";
import type { Signal } from "./signals.js";
import { signalMask } from "./signals.js";

/** npm as PID 1 outlives its shell by half a second, and takes us along. */
const LOOK_EVERY: Milliseconds = 100;

const CHLD_AND_INT = signalMask("SIGCHLD", "SIGINT");

/** Whether npm or npx started us, with a shell between that takes the signals meant for us. */
export function startedByNpm(env: Readonly<Record<string, string | undefined>>): boolean {
  return env["npm_execpath"] !== undefined && env["npm_command"] !== undefined;
}

/**
 * What npm or its shell was told in our place: SIGINT, if the shell keeps that to itself; SIGTERM, as the last, when npm or
 * anybody between npm and us is gone, also if that was before the call. Ends when the signal is aborted.
 */
export async function* signalsAbove(clock: Clock, signal: AbortSignal): AsyncGenerator<Signal, void> {
  const chain = chainToNpm();
  let heard = 0;
  // Ctrl-C is for us as well, and so is what continues a stopped job, which wakes a shell too.
  for (const name of ["SIGINT", "SIGCONT"]) process.on(name, () => heard++);
  const interrupts = chain?.map((link) => interruptsOf(link, () => heard)) ?? [];
  while (chain?.every((link) => holds(link))) {
    if (interrupts.some((interrupted) => interrupted())) yield "SIGINT";
    await clock.sleep(LOOK_EVERY, signal);
    if (signal.aborted) return;
  }
  // Whoever told npm's whole group has told us as well: that is heard first.
  await clock.sleep(0, signal);
  if (!signal.aborted) yield "SIGTERM";
}

/** A process and who its parent is. */
interface Link {
  readonly pid: number;
  readonly parent: number;
}

/** From us up to the child of npm; undefined if npm is gone. Only our own link where there is no `/proc` of ours. */
function chainToNpm(): readonly Link[] | undefined {
  const chain: Link[] = [{ pid: process.pid, parent: process.ppid }];
  let child = proc.procIsOurs() ? entryOf(process.pid) : undefined;
  while (child !== undefined) {
    const parent = entryOf(child.parent);
    if (parent === undefined) return chain;
    // npm itself has no such variable, nor has the user's own shell, which may end.
    if (proc.variableOf(parent.pid, "npm_command") === undefined) return lostNpm(child, parent) ? undefined : chain;
    // A session is founded to outlive what is above it: a daemon, a terminal.
    if (parent.session === parent.pid) return chain;
    chain.push({ pid: parent.pid, parent: parent.parent });
    child = parent;
  }
  return chain;
}

/** Where a process is gone the link below it does not hold, so that it does not matter who has its number next. */
function holds({ pid, parent }: Link): boolean {
  const now = pid === process.pid ? process.ppid : entryOf(pid)?.parent;
  return now === undefined || now === parent;
}

/** Whether npm was the parent once, and this one has only adopted the child. */
function lostNpm(child: Entry, parent: Entry): boolean {
  // Born into another group than its parent's, and not the founder of its own.
  const adopted = child.group !== child.pid && child.group !== parent.group;
  // A daemon that npm started long ago has no npm to lose.
  return adopted && (child.pid === process.pid || isShellOfNpm(child.pid));
}

function isShellOfNpm(pid: number): boolean {
  const script = proc.variableOf(pid, "npm_lifecycle_script");
  return script !== undefined && proc.argumentsOf(pid).includes(`\0-c\0${script}`);
}

/**
 * Asks whether the shell above got SIGINT since it was asked last. A shell that waits for a command does nothing about it until
 * the command ends: it takes it for Ctrl-C, which tells both. All there is to see is that it woke up once and sleeps again.
 */
function interruptsOf(link: Link, heard: () => number): () => boolean {
  let last = wakesOf(link);
  let settled = { wakes: last, heard: heard() };
  return () => {
    const wakes = wakesOf(link);
    const still = wakes === last;
    last = wakes;
    if (!still) return false;
    const before = settled;
    settled = { wakes, heard: heard() };
    // Twice is something else: stopped and continued, or frozen and thawed.
    return wakes === before.wakes + 1 && settled.heard === before.heard;
  };
}

/** How often the shell woke up; NaN unless it waits for its only child, and listens to nothing but that and SIGINT. */
function wakesOf({ pid, parent: shell }: Link): number {
  const waits = proc.awaitsChild(shell) && proc.childrenOf(shell).join() === String(pid);
  const listens = waits && BigInt(`0x${proc.statusOf(shell, "SigCgt") ?? "0"}`) === CHLD_AND_INT;
  return listens ? Number(proc.statusOf(shell, "voluntary_ctxt_switches")) : NaN;
}

function entryOf(pid: number): Entry | undefined {
  return proc.attempt(() => proc.entryOf(pid));
}
