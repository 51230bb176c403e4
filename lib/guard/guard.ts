import type { ChildProcess, ChildProcessByStdio } from "node:child_process";
import { spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import type { Clock } from "../clock.js";
import { momentIn } from "../clock.js";
import type { Deferred } from "../deferred.js";
import { deferred } from "../deferred.js";
import type { Milliseconds } from "../duration.js";
import { guardEnvironment } from "../environment.js";
import { ExitStatus } from "../exit-status.js";
import { Failure } from "../failure.js";
import { GUARD_PROGRAM } from "../installed.js";
import type { Log, LogOptions } from "../log.js";
import type { Access, Charge, Word } from "./charge.js";

/** A dead-man's switch: another process, which ends the workload when this one is killed, stopped or stuck. */
export interface Guard {
  /** A lease is going to be asked for: to be revoked if we die. @param id decimal. */
  lease(id: string): void;
  /** A renewal was confirmed: everything is to be killed after `duration` unless there is another. */
  feed(duration: Milliseconds): void;
  /**
   * A workload is going to be started.
   *
   * @param marker text in its environment that no other has.
   * @param strangers our other children; null if no orphan falls to us.
   */
  expect(marker: string, strangers: readonly number[] | null): void;
  /** It has been started. */
  hold(root: number, ownGroup: boolean): void;
  /** Nothing of it is left, or it was never started. */
  release(): void;
  /** Resolves when the workload that is expected or held can run no longer: it is being killed, or unguarded. Never rejects. */
  readonly lost: Promise<void>;
  /** Ends the guard's process, when nothing is left to guard. */
  close(): Promise<void>;
}

/** Nobody looks after us. */
export const UNGUARDED: Guard = {
  lease: () => {},
  feed: () => {},
  expect: () => {},
  hold: () => {},
  release: () => {},
  get lost() {
    return new Promise<void>(() => {});
  },
  close: async () => {},
};

/** What a guard works with. */
export interface GuardContext {
  readonly clock: Clock;
  readonly log: Log;
  readonly logOptions: LogOptions;
}

/** It runs for a moment now and then: compiled code, room for garbage and threads would cost memory and win nothing. */
const FLAGS = ["--no-opt", "--no-sparkplug", "--max-semi-space-size=1", "--v8-pool-size=0"];
const FEW_THREADS = { UV_THREADPOOL_SIZE: "1" };
/** A lease or two of which etcd has not acknowledged the end. */
const MOST_LEASES = 4;
/** It died, and so did its successor before a renewal was confirmed: there is something here that kills guards. */
const MOST_DEATHS = 2;
/** A guard that is stopped or stuck is none. It may take its time to start, and a busy machine over any answer. */
const MOST_UNANSWERED = 3;
/** Between two guards, when it was not the first to die. */
const PAUSE: Milliseconds = 1_000;
/** A process that has got SIGKILL and is not gone after it is stuck in the kernel, and nothing more is to be done. */
const END_WITHIN: Milliseconds = 1_000;

/**
 * Starts a guard for this process.
 *
 * @throws Failure (status 69) if it cannot be started.
 */
export function openGuard(etcd: Access | undefined, context: GuardContext): Guard {
  const guard = new GuardProcess(etcd, context);
  if (!guard.start())
    throw new Failure("unguarded", `cannot start the guard: ${process.execPath}`, ExitStatus.unavailable);
  return guard;
}

class GuardProcess implements Guard {
  readonly #context: GuardContext;
  readonly #over = new AbortController();
  #charge: Charge;
  #child: ChildProcess | undefined;
  #lost: Deferred<void> = deferred();
  /** Since the last confirmed renewal. */
  #deaths = 0;
  /** Of so many renewals it was told without a word from it. */
  #unanswered = 0;

  constructor(etcd: Access | undefined, context: GuardContext) {
    this.#context = context;
    this.#charge = { wrapper: process.pid, log: context.logOptions, etcd, leases: [], killAt: null, workload: null };
  }

  get lost(): Promise<void> {
    return this.#lost.promise;
  }

  lease(id: string): void {
    this.#tell({ leases: [...this.#charge.leases, id].slice(-MOST_LEASES) });
  }

  feed(duration: Milliseconds): void {
    this.#deaths = 0;
    if (this.#unanswered++ === MOST_UNANSWERED) this.#giveUp();
    this.#tell({ killAt: momentIn(duration) ?? null });
  }

  expect(marker: string, strangers: readonly number[] | null): void {
    this.#lost = deferred();
    this.#tell({ workload: { marker, strangers } });
    if (this.#child === undefined && !this.start()) this.#unguarded();
  }

  hold(root: number, ownGroup: boolean): void {
    const { workload } = this.#charge;
    if (workload) this.#tell({ workload: { ...workload, root, ownGroup } });
  }

  release(): void {
    this.#tell({ workload: null });
  }

  async close(): Promise<void> {
    this.#over.abort();
    const child = this.#child;
    if (child === undefined) return;
    const ended = new AbortController();
    child.once("exit", () => ended.abort());
    child.kill("SIGKILL");
    await this.#context.clock.sleep(END_WITHIN, ended.signal);
  }

  /** @returns whether it could be started. */
  start(): boolean {
    const { clock, log } = this.#context;
    const born = clock.now();
    const child = spawnGuard();
    if (child?.pid === undefined) return false;
    this.#child = child;
    this.#unanswered = 0;
    child.stdin.on("error", () => {}); // it died, which is told by its exit
    child.stdout.once("data", () => log("debug", "guarded", { pid: child.pid, took: Math.round(clock.now() - born) }));
    child.stdout.on("data", (words: Buffer) => this.#hear(words.toString().split("\n") as Word[]));
    child.once("exit", (status, signal) => {
      if (this.#child === child) void this.#died(status ?? undefined, signal ?? undefined);
    });
    this.#tell(this.#charge);
    return true;
  }

  #hear(words: readonly Word[]): void {
    this.#unanswered = 0;
    if (!words.includes("fired")) return;
    this.#context.log("warn", "guard-fired", { note: "KILL_AT has passed without a renewal" });
    this.#lost.resolve();
  }

  /** One that is frozen, or stuck in the kernel, need not die of it soon. */
  #giveUp(): void {
    if (this.#child?.kill("SIGKILL")) void this.#died(undefined, "SIGKILL");
  }

  async #died(status: number | undefined, signal: string | undefined): Promise<void> {
    const { clock, log } = this.#context;
    const { signal: over } = this.#over;
    this.#child = undefined;
    if (over.aborted) return;
    log("warn", "guard-died", { status, signal });
    this.#deaths++;
    if (this.#deaths >= MOST_DEATHS) this.#unguarded();
    if (this.#deaths >= MOST_DEATHS) await clock.sleep(PAUSE, over);
    while (!over.aborted && this.#child === undefined && !this.start()) {
      this.#unguarded();
      await clock.sleep(PAUSE, over);
    }
  }

  /** Without an election that is no reason to end anything. */
  #unguarded(): void {
    if (this.#charge.killAt !== null) this.#lost.resolve();
  }

  #tell(news: Partial<Charge>): void {
    this.#charge = { ...this.#charge, ...news };
    this.#child?.stdin?.write(`${JSON.stringify(news)}\n`);
  }
}

function spawnGuard(): ChildProcessByStdio<Writable, Readable, null> | undefined {
  try {
    const child = spawn(process.execPath, [...FLAGS, GUARD_PROGRAM], {
      argv0: "while-leader-guard",
      env: { ...guardEnvironment(process.env), ...FEW_THREADS },
      // Where nothing needs it to go away.
      cwd: "/",
      // What hits our process group or terminal must not hit it.
      detached: true,
      stdio: ["pipe", "pipe", "inherit"],
    });
    child.on("error", () => {}); // told by the missing pid
    return child;
  } catch {
    return undefined; // no memory, say
  }
}
