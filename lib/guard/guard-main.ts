import { writeSync } from "node:fs";
import { Socket } from "node:net";
import { NEVER } from "../abort.js";
import { systemClock, timeUntil } from "../clock.js";
import type { Milliseconds } from "../duration.js";
import { stderrLog } from "../log.js";
import type { Processes } from "../processes.js";
import { processesOf } from "../processes.js";
import { FORWARDED } from "../signals.js";
import type { Charge, Ward, Word } from "./charge.js";

/**
 * The guard's program: a dead-man's switch on one while-leader. It kills the workload when KILL_AT passes without news, or when the
 * pipe from the wrapper closes, because then that is gone; and revokes the lease once nothing is left.
 *
 * It must outlive what ends the wrapper, so it listens to no signal, and it must be small, so it loads nothing that it may not need.
 */

/**
 * Looking for a workload's processes starts quickly and slows down. The last is how long an orphan, or a resume of the host (timers
 * stand still while it is suspended), can go unnoticed; so often, to read two small files takes a quarter of a percent of a processor.
 */
const [FIRST_LOOK, LONGEST_LOOK] = [5, 100] as const;
/** A process is not seen for a moment while it becomes another program. */
const LOOKS_IN_VAIN = 2;
/** A lease that could not be revoked within it is left to run out. */
const REVOKE_WITHIN: Milliseconds = 5_000;

const clock = systemClock();
let charge: Charge = { wrapper: 0, log: { format: "text", level: "error" }, leases: [], killAt: null, workload: null };
let processes: Processes | undefined;
/** Whether the wrapper may bring news, did not bring them in time, or is gone. */
let state: "guarding" | "fired" | "alone" = "guarding";
let timer: NodeJS.Timeout | undefined;
/** Daemons are started at the beginning. */
let nextLook: Milliseconds = FIRST_LOOK;

for (const signal of FORWARDED) process.on(signal, () => {});
listen();
say("heard");

function listen(): void {
  let rest = "";
  const pipe = new Socket({ fd: 0, writable: false });
  pipe.setEncoding("utf8").on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) hear(JSON.parse(line) as Partial<Charge>);
    say("heard");
    // Not between two of them: what was the news of a moment ago may be old.
    watch();
  });
  // A wrapper that died with something unread resets the pipe.
  pipe.on("error", () => {}).on("close", () => void outlive());
}

function hear(news: Partial<Charge>): void {
  charge = { ...charge, ...news };
  if ("workload" in news) {
    processes = charge.workload ? processesOf(belonging(charge.workload)) : undefined;
    state = "guarding";
    nextLook = FIRST_LOOK;
  }
}

function belonging({ marker, strangers, root, ownGroup = false }: Ward): Parameters<typeof processesOf>[0] {
  const adopted = (pid: number): boolean => pid !== process.pid && strangers?.includes(pid) === false;
  return { root, ownGroup, marker, reaper: charge.wrapper, adopted };
}

/** Looks whether it is time to kill, again and again, as long as there is something to kill. */
function watch(): void {
  clearTimeout(timer);
  if (processes === undefined || state !== "guarding") return;
  const left = charge.killAt === null ? Infinity : timeUntil(charge.killAt);
  if (left <= 0) return fire(processes);
  // The orphans of PID 1 die with it; anybody else's are nobody's as soon as it has gone.
  if (charge.wrapper !== 1) processes.notice();
  // After a time in which this process was stopped itself, news may wait in the pipe: that is read before immediates have their turn.
  timer = setTimeout(() => setImmediate(watch), Math.min(Math.ceil(left), nextLook));
  nextLook = Math.min(nextLook * 2, LONGEST_LOOK);
}

function fire(workload: Processes): void {
  state = "fired";
  say("fired");
  void killAll(workload);
}

/** The wrapper is gone: ends what it left. */
async function outlive(): Promise<void> {
  state = "alone";
  clearTimeout(timer);
  const count = processes?.kill() ?? 0;
  const { etcd, leases, wrapper } = charge;
  const lease = leases.at(-1);
  // To load it takes as long as to see that nobody is left.
  const [{ revoke }] = await Promise.all([import("./revoke.js"), processes && killAll(processes)]);
  const acknowledged = etcd && lease !== undefined && (await revoke(etcd, leases, clock, REVOKE_WITHIN));
  // Last: whoever does not read it must not keep the next leader waiting.
  const log = stderrLog(charge.log);
  if (processes || lease !== undefined) log("warn", "orphaned", { wrapper, processes: count });
  if (lease !== undefined && acknowledged !== undefined)
    log(acknowledged ? "info" : "warn", "resigned", { lease: BigInt(lease).toString(16), acknowledged });
  process.exit();
}

/** SIGKILL to every process of the workload until none is left; one can fork while it is being killed. */
async function killAll(workload: Processes): Promise<void> {
  let vain = 0;
  for (let pause: Milliseconds = FIRST_LOOK; ; pause = Math.min(pause * 2, LONGEST_LOOK)) {
    if (workload !== processes) return;
    workload.kill();
    vain = countOf(workload) === 0 ? vain + 1 : 0;
    if (vain === LOOKS_IN_VAIN) return;
    await clock.sleep(pause, NEVER);
  }
}

/** Undefined if nobody can tell now, which is not none. */
function countOf(workload: Processes): number | undefined {
  try {
    return workload.alive().length;
  } catch {
    return undefined;
  }
}

function say(word: Word): void {
  try {
    writeSync(1, `${word}\n`);
  } catch {
    // The wrapper is gone, which the pipe tells.
  }
}
