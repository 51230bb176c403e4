import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Test } from "tap";
import { readBeats, violations, type Beat } from "../helpers/beats.js";
import type { Child } from "../helpers/child.js";
import { endAtOnce } from "../helpers/end-at-once.js";
import type { EtcdCluster } from "../helpers/etcd-server.js";
import { fixture } from "../helpers/paths.js";
import { until } from "../helpers/until.js";
import { startWrapper, type EventOptions, type LogEvent, type Wrapper } from "../helpers/wrapper.js";

/** Signals' exit statuses, 128 + n. */
export const KILLED = 137;
export const TERMINATED = 143;

/**
 * Options for a lease of 3 s whose end is looked at closely: a busy machine is sometimes late by more than the tenth of the
 * lease that is meant for that.
 */
export const WIDE_MARGIN = ["--lost-grace", "300ms", "--kill-margin", "1s"];

export interface StageOptions {
  /** Of every candidate, in seconds; 10 when not given: long enough that a hand-over is never a lease that ran out. */
  ttl?: number;
  /** The election; one of its own for each stage when not given. */
  election?: string;
}

export interface CandidateOptions {
  /** beats.js on the stage's file when not given. */
  command?: readonly string[];
  /** In the cluster's place, such as a proxy's URL. */
  endpoints?: string;
  /** More options of while-leader. */
  args?: readonly string[];
  env?: Record<string, string>;
  /** A command to run it under. */
  under?: readonly string[];
}

/** A key of the queue as etcd has it. */
export interface QueuedKey {
  key: string;
  value: string;
  createRevision: bigint;
  /** As in keys: lower-case hexadecimal; "0" for none. */
  lease: string;
}

endAtOnce();

let stages = 0;

/** One election of one test: its candidates, its keys in etcd, and the beats of all its workloads. */
export class Stage {
  readonly election: string;
  readonly ttl: number;
  /** An empty folder of its own, gone with the test. */
  readonly folder: string;
  readonly #t: Test;
  readonly #etcd: EtcdCluster;
  readonly #beats: string;

  constructor(t: Test, etcd: EtcdCluster, options: StageOptions = {}) {
    this.#t = t;
    this.#etcd = etcd;
    this.ttl = options.ttl ?? 10;
    this.election = options.election ?? `stage-${process.pid}-${stages++}`;
    this.folder = mkdtempSync(join(tmpdir(), "while-leader-stage-"));
    t.teardown(() => rmSync(this.folder, { recursive: true, force: true }));
    this.#beats = join(this.folder, "beats");
  }

  /** The command that beats into the stage's file. */
  workload(...args: string[]): string[] {
    return [fixture("beats.js"), this.#beats, ...args];
  }

  /** Starts a candidate with a line of log for each renewal. Does not wait for anything. */
  candidate(identity: string, options: CandidateOptions = {}): Wrapper {
    const { command = this.workload(), endpoints = this.#etcd.endpoints, args = [], env = {}, under = [] } = options;
    const own = ["-vv", "-n", this.election, "--identity", identity, "--ttl", `${this.ttl}s`, "--endpoints", endpoints];
    return startWrapper([...own, ...args, "--", ...command], { t: this.#t, env, under });
  }

  /** Starts a candidate and waits until it leads: its workload beats, or a command given here has said "ready". */
  async leader(identity: string, options: CandidateOptions = {}): Promise<Wrapper> {
    const candidate = this.candidate(identity, options);
    await (options.command ? candidate.stdoutLine("ready") : this.beating(candidate));
    return candidate;
  }

  /** Starts a candidate and waits until it stands in the queue behind somebody. */
  async standby(identity: string, options: CandidateOptions = {}): Promise<Wrapper> {
    const candidate = this.candidate(identity, options);
    await candidate.event("standby");
    return candidate;
  }

  /**
   * Waits until a candidate leads, its workload beats, and returns the fencing token; with `after`, in a term that was
   * begun after that event.
   */
  async beating(candidate: Wrapper, options: EventOptions = {}): Promise<bigint> {
    const token = tokenOf(await candidate.event("elected", options));
    await until(`a beat of ${token}`, () => this.beats().some((beat) => beat.token === token));
    return token;
  }

  /** The queue, the leader first. */
  async keys(): Promise<QueuedKey[]> {
    // Not as JSON: a lease id is more than a JavaScript number holds.
    const { stdout } = await this.#etcd.etcdctl(
      "get",
      "--prefix",
      `${this.election}/`,
      "--sort-by=CREATE",
      "-w=fields",
    );
    const column = (name: string): string[] =>
      [...stdout.matchAll(new RegExp(`^"${name}" : (.*)$`, "gm"))].map(([, value = ""]) => value);
    const [values, revisions, leases] = [column("Value"), column("CreateRevision"), column("Lease")];
    return column("Key").map((key, index) => ({
      key: String(JSON.parse(key)),
      value: String(JSON.parse(values[index] ?? "")),
      createRevision: BigInt(revisions[index] ?? 0),
      lease: BigInt(leases[index] ?? 0).toString(16),
    }));
  }

  /** Who stands in the queue, the leader first. */
  async identities(): Promise<string[]> {
    return (await this.keys()).map(({ value }) => value);
  }

  /** The leader's key, which must be that identity's. */
  async keyOf(identity: string): Promise<QueuedKey> {
    const key = (await this.keys()).find(({ value }) => value === identity);
    if (key === undefined) throw new Error(`no key of ${identity} in ${this.election}`);
    return key;
  }

  /** The leases that live in etcd, of this election and of any other. */
  async leases(): Promise<string[]> {
    const { stdout } = await this.#etcd.etcdctl("lease", "list");
    // etcdctl pads them, keys do not.
    return [...stdout.matchAll(/^0*([0-9a-f]+)$/gm)].map(([, lease = ""]) => lease);
  }

  /** Follows the queue's keys from the beginning: each change is a line `PUT` or `DELETE`, then the key. */
  changes(): Child {
    return this.#etcd.etcdctlSpawn(["watch", "--prefix", `${this.election}/`, "--rev=1"], this.#t);
  }

  /** All the beats so far. */
  beats(): Beat[] {
    return existsSync(this.#beats) ? readBeats(readFileSync(this.#beats, "utf8")) : [];
  }

  /** Waits for one more beat than there are now. */
  async nextBeat(): Promise<Beat> {
    const count = this.beats().length;
    return until("a beat", () => this.beats().slice(count).at(-1));
  }

  /** What in all the beats cannot be if at most one workload ran at once. */
  violations(): string[] {
    return violations(this.beats());
  }
}

/** The fencing token a workload of this term runs with. */
export function tokenOf(elected: LogEvent): bigint {
  return BigInt(String(elected.revision));
}

/** The names of all that a candidate has logged after an event. */
export function namesAfter(candidate: Wrapper, event: LogEvent): string[] {
  return candidate.events.slice(candidate.events.indexOf(event) + 1).map((later) => later.event);
}

/** The newest event of that name, so that one can wait for the next. */
export function newest(candidate: Wrapper, name: string): LogEvent | undefined {
  return candidate.events.findLast(({ event }) => event === name);
}

/** The newest event that tells for how long the lease is good (`left`). */
export function newestValidity(candidate: Wrapper): LogEvent {
  return candidate.events.findLast(({ event }) => event === "elected" || event === "renewed") as LogEvent;
}

/** Waits for `count` more renewals: this much of a term has gone by. */
export async function renewals(candidate: Wrapper, count: number): Promise<LogEvent> {
  let last = newest(candidate, "renewed");
  for (let left = count; left > 0; left--) last = await candidate.event("renewed", { after: last });
  return last as LogEvent;
}

/** When an event was seen here, on the clock of the beats. Later than it happened, never earlier. */
export function monotonic({ seenAt }: LogEvent): number {
  return seenAt + Number(process.hrtime.bigint()) / 1e6 - performance.now();
}
