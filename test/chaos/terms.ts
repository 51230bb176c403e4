import type { Beat, Happened, History, Instance, LogLine, Moment } from "./history.js";
import type { FaultKind } from "./menu.js";

/** One leadership, as a wrapper's log tells it. */
export interface Term {
  readonly token: bigint;
  readonly key: string;
  readonly instance: Instance;
  readonly electedAt: Moment;
  /** The lines from `elected` on, up to the instance's next term or its end. */
  readonly lines: readonly LogLine[];
  /** The log's word for how long it may last, on from the newest confirmed renewal. */
  readonly validUntil: Moment;
}

/** Every term of which a log tells, in the order of their tokens. */
export function termsOf({ instances }: History): Term[] {
  return instances.flatMap(termsOfInstance).toSorted((a, b) => Number(a.token - b.token));
}

function termsOfInstance(instance: Instance): Term[] {
  const { log } = instance;
  const starts = [...log.keys()].filter((index) => log[index]?.event === "elected");
  return starts.map((start, nth) => {
    const lines = log.slice(start, starts[nth + 1]);
    const { at, revision, key } = log[start] as LogLine;
    const validities = lines.filter(tellsValidity).map((line) => line.at + Number(line.left));
    return {
      token: BigInt(String(revision)),
      key: String(key),
      instance,
      electedAt: at,
      lines,
      validUntil: Math.max(...validities),
    };
  });
}

/** Whether a line tells for how long the lease is good, by the newest renewal. */
export function tellsValidity({ event }: LogLine): boolean {
  return event === "elected" || event === "renewed";
}

/** The beats of each token, in the order in which tokens first came. */
export function beatsByToken({ beats }: History): Map<bigint, Beat[]> {
  const found = new Map<bigint, Beat[]>();
  for (const beat of beats) {
    const own = found.get(beat.token);
    if (own) own.push(beat);
    else found.set(beat.token, [beat]);
  }
  return found;
}

/** The faults that were there at some time from the one moment to the other. */
export function faultsDuring({ faults }: History, from: Moment, to: Moment): Happened[] {
  return faults.filter((fault) => fault.skipped === undefined && fault.began <= to && fault.ended >= from);
}

export function isOne(kinds: readonly FaultKind[], { kind }: Happened): boolean {
  return kinds.includes(kind);
}

/** The guard of a wrapper that is gone tells so when it has given the lease back, for which it takes five seconds at most. */
const GUARD_TELLS = 6_000;

/** Whether some of an instance's lines may be missing, because there was no room for them. */
export function hasHoles(history: History, instance: Instance): boolean {
  return faultsDuring(history, instance.startedAt, instance.endedAt + GUARD_TELLS).some(
    ({ kind, hit }) => kind === "fill-disk" && hit.includes(instance.candidate),
  );
}

/** The guard looks for orphans this often … */
const GUARD_LOOKS = 100;
/** … and is late by as much where the machine is busy; a daemon is there before its first beat, too. */
const SLACK = 250;

/**
 * Daemons that nothing tells from strangers once their wrapper is gone: they had left their group, their parent and their environment,
 * and the wrapper was killed before its guard could see them (docs/limits.md).
 */
export function unseenDaemons(history: History): Set<number> {
  const kills = history.faults.filter(({ kind }) => kind === "kill-wrapper");
  const found = new Set<number>();
  for (const { name } of history.schedule.candidates.filter(({ workload }) => workload === "bare-daemon"))
    for (const { who } of history.instances.filter(({ candidate }) => candidate === name)) {
      const killed = kills.find(({ hit }) => hit.includes(who));
      const first = history.beats.find((beat) => beat.who === who && beat.role === "daemon");
      if (killed && first && first.at > killed.began - GUARD_LOOKS - SLACK) found.add(first.pid);
    }
  return found;
}
