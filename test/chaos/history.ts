import type { Schedule, Fault } from "./schedule.js";

/** All times are the host's monotonic clock, in milliseconds. */
export type Moment = number;

/** A line of test/fixtures/chaos-workload.pl: a process of a workload was alive then, and acted. */
export interface Beat {
  readonly at: Moment;
  /** The fencing token. */
  readonly token: bigint;
  /** The instance whose workload it is; or a contender that was elected. */
  readonly who: string;
  readonly pid: number;
  readonly role: "main" | "daemon" | "contender";
}

/** A line of a wrapper's log, or of its guard's. */
export interface LogLine {
  readonly at: Moment;
  readonly event: string;
  readonly [field: string]: unknown;
}

/** One start of a candidate, to its end; the next one has another identity. */
export interface Instance {
  readonly who: string;
  readonly candidate: string;
  readonly startedAt: Moment;
  /** When its end was seen, never earlier than it was. */
  readonly endedAt: Moment;
  /** Exit status, or the signal that ended it. */
  readonly end: number | string;
  readonly log: readonly LogLine[];
  /** What else is in its log: half a line, because a disk was full, or what Node says when it crashes. */
  readonly strange: readonly string[];
}

/** A fault as it happened. */
export interface Happened extends Fault {
  readonly began: Moment;
  /** When everything was as before. */
  readonly ended: Moment;
  /** What it befell: instances, `m0` for members, `m0>m1` for peers' links, `a>m0` for candidates' links, keys. */
  readonly hit: readonly string[];
  /** Why it befell nobody. */
  readonly skipped?: string;
}

/** A change of a key under the election, as etcd tells it. */
export interface KeyEvent {
  readonly type: "put" | "delete";
  readonly key: string;
  /** The revision of this change. */
  readonly revision: bigint;
  /** Of the key that was put; the same as `revision` when the key is new. */
  readonly created: bigint;
  /** Whose key was put. */
  readonly value: string;
  /** When it was seen by the first who looked; later than it was. */
  readonly seenAt: Moment;
}

/** What was there when everything had been stopped. */
export interface Remains {
  readonly keys: readonly string[];
  readonly leases: readonly string[];
  readonly processes: readonly string[];
}

/** The merged log of one run. */
export interface History {
  readonly schedule: Schedule;
  /** What was led: our wrapper with or without its guard, or `etcdctl lock`, which has no log. */
  readonly mode: Mode;
  /** When the schedule began, was over and undone, and when all were asked to stop. */
  readonly began: Moment;
  readonly healed: Moment;
  readonly stopped: Moment;
  /** In the order in which they were written. */
  readonly beats: readonly Beat[];
  readonly instances: readonly Instance[];
  readonly faults: readonly Happened[];
  readonly keys: readonly KeyEvent[];
  /** Revisions that compaction hid from everybody who looked: from, and up to but not including. */
  readonly unseen: readonly (readonly [from: bigint, to: bigint])[];
  /** For each candidate, when its links carried something towards etcd. */
  readonly sent: Readonly<Record<string, readonly Moment[]>>;
  /** When the rig itself, through which all links go, did not get to run: a network that was away for a moment. */
  readonly stalls: readonly { readonly from: Moment; readonly to: Moment }[];
  readonly remains: Remains;
}

export type Mode = "guard" | "no-guard" | "lock";

/** The beats of a file, each line `<ms> <token> <who> <pid> <role>`. A last line without its end was never written. */
export function readBeats(text: string): Beat[] {
  return text.split("\n").slice(0, -1).map(readBeat);
}

function readBeat(line: string, index: number): Beat {
  const [, at, token, who, pid, role] = /^(\d+\.\d+) (\d+) (\S+) (\d+) (main|daemon|contender)$/.exec(line) ?? [];
  if (!at || !token || !who || !pid) throw new Error(`line ${index + 1} is not a beat: ${JSON.stringify(line)}`);
  return { at: Number(at), token: BigInt(token), who, pid: Number(pid), role: role as Beat["role"] };
}

/** A history as text and back: tokens are more than JSON's numbers hold. */
export function writeHistory(history: History): string {
  return JSON.stringify(history, (_, value: unknown) => (typeof value === "bigint" ? `${value}n` : value));
}

export function readHistory(text: string): History {
  return JSON.parse(text, (_, value: unknown) =>
    typeof value === "string" && /^\d+n$/.test(value) ? BigInt(value.slice(0, -1)) : value,
  ) as History;
}
