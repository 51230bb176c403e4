import { spawn, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { closeSync, copyFileSync, existsSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { atExit } from "../helpers/at-exit.js";
import { environmentWithout } from "../helpers/command.js";
import { isAlive, kin, killRow, processTable, signalProcess, type Row } from "../helpers/processes.js";
import { fixture } from "../helpers/paths.js";
import { monotonic } from "./clock.js";
import type { Instance, Moment } from "./history.js";
import { readLog } from "./log-file.js";
import { atUsualPriority } from "./priority.js";
import type { CandidatePlan } from "./schedule.js";

/** A candidate that has ended is started again after so long, as a container's restart policy would. */
const RESTART_AFTER = 300;

/** In the environment of all that a run starts, so that nothing of it gets lost. */
const MARKER = "CHAOS_RUN";

/** What is started for a candidate: the whole command line, for one more instance of it. */
export type CommandOf = (who: string, workload: readonly string[]) => readonly string[];

/** Where a run's files are. */
export interface Places {
  readonly beats: string;
  /** For logs that are kept. */
  readonly logs: string;
  /** The candidate whose log is on a disk of its own, and that disk. */
  readonly small: { readonly candidate: string; readonly folder: string } | undefined;
}

interface Running {
  readonly who: string;
  readonly process: ChildProcess;
  readonly startedAt: Moment;
  readonly logFile: string;
  endedAt?: Moment;
  end?: number | string;
}

/** One candidate of a run: an instance of it is there, or soon will be, until `stop`. */
export class Candidate {
  readonly name: string;
  readonly #plan: CandidatePlan;
  readonly #command: CommandOf;
  readonly #places: Places;
  readonly #marker: string;
  readonly #instances: Running[] = [];
  #wanted = true;
  #restart: NodeJS.Timeout | undefined;

  constructor(plan: CandidatePlan, command: CommandOf, places: Places, marker: string) {
    this.name = plan.name;
    this.#plan = plan;
    this.#command = command;
    this.#places = places;
    this.#marker = marker;
    this.#start();
  }

  /** The instance that runs; undefined between two of them. */
  get running(): { readonly who: string; readonly pid: number } | undefined {
    const last = this.#instances.at(-1);
    return last?.process.pid === undefined || last.end !== undefined
      ? undefined
      : { who: last.who, pid: last.process.pid };
  }

  /** The wrapper's guard; undefined where it has none. */
  get guard(): number | undefined {
    return this.#children().find((pid) => isGuard(pid));
  }

  /** The process that the wrapper has started as its command. */
  get command(): number | undefined {
    return this.#children().find((pid) => commandLine(pid).includes(this.#places.beats));
  }

  signal(name: NodeJS.Signals): boolean {
    const pid = this.running?.pid;
    return pid !== undefined && signalProcess(pid, name);
  }

  /** No further instance is started. */
  retire(): void {
    this.#wanted = false;
    clearTimeout(this.#restart);
  }

  /** Every instance there was. Only when the last one has ended. */
  history(): Instance[] {
    return this.#instances.map(({ who, startedAt, endedAt = Infinity, end = "", logFile }) => {
      const kept = join(this.#places.logs, `${who}.log`);
      if (logFile !== kept && existsSync(logFile)) copyFileSync(logFile, kept);
      return { who, candidate: this.name, startedAt, endedAt, end, ...readLog(readFileSync(kept, "utf8")) };
    });
  }

  #start(): void {
    const who = `${this.name}${this.#instances.length + 1}`;
    const { beats, logs, small } = this.#places;
    const folder = small?.candidate === this.name ? small.folder : logs;
    const logFile = join(folder, `${who}.log`);
    const workload = [fixture("chaos-workload.pl"), beats, who, ...this.#flags()];
    const [file = "", ...args] = atUsualPriority(this.#command(who, workload));
    const log = openSync(logFile, "a");
    const child = spawn(file, args, {
      detached: true,
      stdio: ["ignore", "ignore", log],
      env: { ...cleanEnvironment(this.#plan.jumps), [MARKER]: this.#marker },
    });
    closeSync(log);
    const running: Running = { who, process: child, startedAt: monotonic(), logFile };
    this.#instances.push(running);
    const ended = (end: number | string): void => {
      running.endedAt = monotonic();
      running.end = end;
      if (this.#wanted) this.#restart = setTimeout(() => this.#start(), RESTART_AFTER);
    };
    child.once("error", ({ message }) => ended(message));
    child.once("exit", (code, signal) => ended(code ?? signal ?? ""));
  }

  #flags(): string[] {
    // Long enough to be a term, short enough to be several in a run.
    const life = String(2 + (this.#instances.length % 4));
    const flags = { plain: [], stubborn: ["--stubborn"], daemon: ["--daemon"], "bare-daemon": ["--bare-daemon"] };
    return { ...flags, crashing: ["--crash", life], leaving: ["--leave", life] }[this.#plan.workload];
  }

  #children(): number[] {
    const parent = this.running?.pid;
    return processTable()
      .filter(({ ppid, state }) => ppid === parent && state !== "Z")
      .map(({ pid }) => pid);
  }
}

/** All that the candidates of one run have started, to be ended whatever happens. */
export class Litter {
  readonly marker = randomUUID();
  readonly #beats: string;
  readonly #forget: () => void;

  constructor(beats: string) {
    this.#beats = beats;
    this.#forget = atExit(() => this.rows().forEach(killRow));
  }

  /** The living ones. A workload that has emptied its environment is known by the file it beats into. */
  rows(): Row[] {
    const found = new Map(kin(`${MARKER}=${this.marker}`, []).map((row) => [row.pid, row]));
    for (const row of processTable())
      if (isAlive(row.pid) && row.pid !== process.pid && commandLine(row.pid).includes(this.#beats))
        found.set(row.pid, row);
    return [...found.values()];
  }

  /** Each as its number and its command line. */
  names(): string[] {
    return this.rows().map(({ pid }) => `${pid} ${commandLine(pid)}`);
  }

  forget(): void {
    this.#forget();
  }
}

/** As wrapper.ts has it, and with a clock whose readings can be compared with the beats'. */
function cleanEnvironment(jumps: boolean): NodeJS.ProcessEnv {
  const foreign = ["NODE_", "ETCD", "WHILE_LEADER_", "GRPC_", "npm_", "_TAPJS_", "CLOCK_JUMPS"];
  const clock = { NODE_OPTIONS: `--import=${fixture("known-clock.js")}`, ...(jumps && { CLOCK_JUMPS: "1" }) };
  return { ...environmentWithout(...foreign), ETCDCTL_API: "3", ...clock };
}

function isGuard(pid: number): boolean {
  return commandLine(pid).includes("guard-main");
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").join(" ").trim();
  } catch {
    return ""; // gone meanwhile
  }
}
