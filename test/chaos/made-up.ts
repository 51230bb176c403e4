import type { Beat, Happened, History, Instance, KeyEvent, LogLine } from "./history.js";
import { drawSchedule } from "./schedule.js";

/** Of every made-up lease, in milliseconds. */
export const TTL = 4_000;

/** A run from 0 to 100 s in which nothing happened but what is given. */
export function history(parts: Partial<History> = {}): History {
  return {
    schedule: { ...drawSchedule(1, 60), ttl: TTL / 1_000, faults: [] },
    mode: "guard",
    began: 0,
    healed: 99_000,
    stopped: 100_000,
    beats: [],
    instances: [],
    faults: [],
    keys: [],
    unseen: [],
    sent: {},
    stalls: [],
    remains: { keys: [], leases: [], processes: [] },
    ...parts,
  };
}

/** Beats of one process, each `everyMs`, from the one moment to the other. */
export function beats(
  token: number,
  who: string,
  from: number,
  to: number,
  everyMs = 10,
  { pid = 1, role = "main" }: Partial<Pick<Beat, "pid" | "role">> = {},
): Beat[] {
  const count = Math.floor((to - from) / everyMs) + 1;
  return Array.from({ length: count }, (_, index) => ({
    at: from + index * everyMs,
    token: BigInt(token),
    who,
    pid,
    role,
  }));
}

export function instance(who: string, log: readonly LogLine[], parts: Partial<Instance> = {}): Instance {
  return { who, candidate: who.charAt(0), startedAt: 0, endedAt: 100_000, end: 0, log, strange: [], ...parts };
}

export function line(at: number, event: string, fields: Record<string, unknown> = {}): LogLine {
  return { at, event, ...fields };
}

/** The first lines of a term that was elected at a moment, by a renewal sent 5 ms before. */
export function elected(at: number, token: number, key = `jobs/${token}`): LogLine[] {
  return [
    line(at - 100, "granted", { ttl: TTL }),
    line(at, "elected", { revision: String(token), key, left: TTL * 0.99 - 5 }),
  ];
}

export function fault(kind: Happened["kind"], began: number, ended: number, ...hit: string[]): Happened {
  return { at: began, kind, target: "", lasts: ended - began, amount: 0, lot: 0, began, ended, hit };
}

export function put(revision: number, value: string, seenAt = 0, key = `jobs/${revision}`): KeyEvent {
  return { type: "put", key, revision: BigInt(revision), created: BigInt(revision), value, seenAt };
}
