import { spawn, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import type { Writable } from "node:stream";
import { atExit, type Owner } from "./at-exit.js";
import { isLiving, kin, killRow, processRow, signalProcess, type Row } from "./processes.js";
import { until } from "./until.js";

export interface ChildOptions {
  /** Ends the child with this test. */
  t?: Owner;
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  /** Text that it reads, a pipe that is `child.stdin`, or nothing (the default). */
  stdin?: "ignore" | "pipe" | { text: string };
  /** Its own session and process group, away from the test's. */
  detached?: boolean;
}

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** When it ended, as this process's `performance.now()` had it. */
  at: number;
}

export type LineMatch = string | RegExp | ((line: string) => boolean);

const WAIT_LIMIT = 20_000;
const END_LIMIT = 10_000;

// What a child wrote is in the pipe when it has ended. Only a descendant that holds the pipe open delays its end.
const DRAIN_LIMIT = 200;

// In the environment of the child and of all that it starts, so that none of them can get lost.
const MARKER = "TEST_RIG_RUN";

/** A process that a test started, everything it prints, and everything it starts. */
export class Child {
  readonly pid: number;
  /** Never rejects; when it resolves, all that the child itself printed has been read. */
  readonly exited: Promise<Exit>;
  readonly stdin: Writable | null;
  /** All it has printed so far. */
  stdout = "";
  stderr = "";

  readonly #process: ChildProcess;
  readonly #marker: string;
  readonly #looks = new Set<() => void>();
  readonly #forget: () => void;
  #exit: Exit | undefined;
  #closed = false;

  constructor(file: string, args: readonly string[], options: ChildOptions = {}) {
    const { t, env = process.env, cwd, stdin = "ignore", detached = false } = options;
    const id = randomUUID();
    this.#marker = `${MARKER}=${id}`;
    this.#process = spawn(file, args, {
      ...(cwd !== undefined && { cwd }),
      env: { ...env, [MARKER]: id },
      detached,
      stdio: [stdin === "ignore" ? "ignore" : "pipe", "pipe", "pipe"],
    });
    this.exited = this.#follow(this.#process);
    if (this.#process.pid === undefined) throw new Error(`cannot start ${file}`);
    this.pid = this.#process.pid;
    this.stdin = this.#process.stdin;
    this.stdin?.on("error", () => undefined); // it need not read to the end
    if (typeof stdin === "object") this.stdin?.end(stdin.text);
    this.#forget = atExit(() => this.descendants().forEach(killRow));
    t?.teardown(() => this.end());
  }

  get hasExited(): boolean {
    return this.#exit !== undefined;
  }

  /** Resolves with the first line of stdout that matches, or rejects when none came in time or none can come. */
  stdoutLine(match: LineMatch, timeoutMs = WAIT_LIMIT): Promise<string> {
    const matches = lineMatcher(match);
    // A line is one only when its end has come.
    return this.waitFor(`a line ${String(match)}`, () => this.stdout.split("\n").slice(0, -1).find(matches), timeoutMs);
  }

  /** As `exited`, but rejects when that has not come in time. */
  async exitedWithin(timeoutMs = WAIT_LIMIT): Promise<Exit> {
    await this.waitFor("its exit", () => this.#exit, timeoutMs);
    return this.exited;
  }

  /** Sends a signal to the child alone; false if it has ended. */
  kill(signal: NodeJS.Signals): boolean {
    return !this.hasExited && signalProcess(this.pid, signal);
  }

  /** The living processes of this run: the child, and whatever it started that still lives, daemons included. */
  descendants(): Row[] {
    return kin(this.#marker, this.hasExited ? [] : [this.pid]);
  }

  /** SIGKILL for the child and everything it started; resolves when nothing of it is left. */
  async end(): Promise<void> {
    const known = new Map<string, Row>();
    await until(
      `the end of ${this.pid} and its descendants`,
      () => {
        // Those whose parent is gone are known from the round before.
        for (const row of this.descendants()) known.set(`${row.pid} ${row.born}`, row);
        const left = [...known.values()].filter(isStillThere);
        left.forEach(killRow);
        return left.length === 0;
      },
      { timeoutMs: END_LIMIT, everyMs: 5 },
    );
    await this.exited;
    this.#forget();
  }

  /** Resolves with what `look` finds as soon as it finds something; asked again whenever the child did something. */
  protected waitFor<T>(what: string, look: () => T | undefined, timeoutMs: number): Promise<T> {
    return new Promise((resolve, reject) => {
      const fail = (why: string): void => {
        stop();
        reject(new Error(`${why} ${what}\n${this.report()}`));
      };
      const stop = (): void => {
        clearTimeout(timer);
        this.#looks.delete(lookAgain);
      };
      const lookAgain = (): void => {
        const seen = look();
        if (seen === undefined) return this.#closed ? fail(`${this.#ending()} without`) : undefined;
        stop();
        resolve(seen);
      };
      const timer = setTimeout(
        () => fail(`${this.#exit ? `${this.#ending()}, and ` : ""}waited ${timeoutMs} ms in vain for`),
        timeoutMs,
      );
      this.#looks.add(lookAgain);
      lookAgain();
    });
  }

  /** Called for each line of stderr as it comes, before anybody who waits looks again. */
  protected stderrLine(_line: string): void {}

  /** What a failed wait shows. */
  protected report(): string {
    return [...this.stdout.split("\n").slice(-10), ...this.stderr.split("\n").slice(-30)].join("\n");
  }

  #ending(): string {
    return `the child ended (${this.#exit?.signal ?? `status ${this.#exit?.code}`})`;
  }

  #follow(child: ChildProcess): Promise<Exit> {
    let line = "";
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.stdout += text;
      this.#changed();
    });
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.stderr += text;
      const lines = (line + text).split("\n");
      line = lines.pop() ?? "";
      for (const whole of lines) this.stderrLine(whole);
      this.#changed();
    });
    child.on("error", () => undefined); // told by the missing pid already
    return new Promise((resolve) => {
      const settle = (): void => resolve(this.#exit ?? { code: null, signal: null, at: performance.now() });
      child.on("exit", (code, signal) => {
        this.#exit = { code, signal, at: performance.now() };
        this.#changed();
        setTimeout(settle, DRAIN_LIMIT);
      });
      child.on("close", () => {
        this.#closed = true;
        settle();
        this.#changed();
      });
    });
  }

  #changed(): void {
    for (const look of this.#looks) look();
  }
}

function lineMatcher(match: LineMatch): (line: string) => boolean {
  if (typeof match === "function") return match;
  return typeof match === "string" ? (line) => line === match : (line) => match.test(line);
}

function isStillThere(row: Row): boolean {
  const now = processRow(row.pid);
  return now !== undefined && now.born === row.born && isLiving(now);
}
