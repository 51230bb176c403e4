import { ms, race, violation, type Finding } from "./finding.js";
import type { Beat, Happened, History, Moment } from "./history.js";
import { ETCD_FAULTS, type FaultKind } from "./menu.js";
import { faultsDuring, isOne, unseenDaemons } from "./terms.js";

/** What keeps etcd from deciding, or the election from one of the candidates. */
const WITHOUT_QUORUM: readonly FaultKind[] = [...ETCD_FAULTS, "contend", "starve-cpus"];

/** Three leases may have to run out one after another; the rest is for programs to start in. */
export function leadsWithin(ttl: number): number {
  return 3 * ttl * 1_000 + 10_000;
}

/** With a healthy quorum somebody leads again, soon. */
export function leadsAgain(history: History): Finding[] {
  const limit = leadsWithin(history.schedule.ttl);
  const beats = newestBeats(history).map(({ at }) => at);
  const moments = [history.began, ...beats.filter((at) => at > history.began && at < history.stopped), history.stopped];
  return moments.slice(1).flatMap((to, index) => {
    const from = moments[index] ?? to;
    if (to - from < limit) return [];
    const healthy = longestCalm(history, from, to);
    return healthy < limit
      ? []
      : [violation(`nobody led for ${ms(to - from)}, ${ms(healthy)} of them in a row with a healthy quorum`)];
  });
}

function newestBeats({ beats }: History): Beat[] {
  let newest = 0n;
  return beats.filter(({ token }) => {
    if (token < newest) return false;
    newest = token;
    return true;
  });
}

/** The longest time between two moments in which no fault disturbed the quorum. */
function longestCalm(history: History, from: Moment, to: Moment): number {
  const faults = faultsDuring(history, from, to).filter(
    (fault) => isOne(WITHOUT_QUORUM, fault) || cutsEverybodyOff(fault),
  );
  const troubles = [...faults, ...contendersTimes(history)].filter(({ began, ended }) => began <= to && ended >= from);
  troubles.sort((a, b) => a.began - b.began);
  let [calmSince, longest] = [from, 0];
  for (const { began, ended } of troubles) {
    longest = Math.max(longest, began - calmSince);
    calmSince = Math.max(calmSince, ended);
  }
  return Math.max(longest, to - calmSince);
}

/** When the key of a contender, who has no workload, stood in the queue: it can be put after its fault was over. */
function contendersTimes({ keys }: History): { began: Moment; ended: Moment }[] {
  const puts = keys.filter(({ type, value }) => type === "put" && isContender(value));
  return puts.map((put) => {
    const gone = keys.find(
      ({ type, key, revision }) => type === "delete" && key === put.key && revision > put.revision,
    );
    return { began: put.seenAt, ended: gone?.seenAt ?? Infinity };
  });
}

function isContender(value: string): boolean {
  return value.startsWith("contender");
}

function cutsEverybodyOff({ kind, target }: Happened): boolean {
  return (kind.endsWith("-link") || kind.startsWith("swallow")) && target.startsWith("everybody");
}

/** Before the stop nothing was wrong for so long … */
const CALM_BEFORE = 1_000;
/** … and of whoever was killed or stopped as if dead before that, no key stands in the queue any more. */
const GONE: readonly FaultKind[] = ["kill-wrapper", "stop-wrapper", "stop-guard"];

/** A hand-over that was asked for, with nothing else going on and somebody in the queue, takes less than a TTL. */
export function handOverSoon(history: History): Finding[] {
  return handOversOf(history).flatMap(({ fault, next }) => {
    const took = (next?.at ?? Infinity) - fault.began;
    return took < history.schedule.ttl * 1_000
      ? []
      : [
          violation(
            `${fault.hit.join()} was asked to end, and ${next ? `the next one led ${ms(took)} later` : "nobody followed"}`,
          ),
        ];
  });
}

/** A stall of the rig that delays a hand-over noticeably. */
const STALL = 300;

/** The stops of leaders that nothing else disturbed, each with the next leader's first beat. */
export function handOversOf(history: History): { fault: Happened; next: Beat | undefined }[] {
  const ttl = history.schedule.ttl * 1_000;
  const newest = newestBeats(history);
  return history.faults.flatMap((fault) => {
    const [who] = fault.hit;
    if (fault.kind !== "end-wrapper" || who === undefined) return [];
    const before = newest.findLast(({ at }) => at <= fault.began);
    const next = newest.find(({ at, token }) => at > fault.began && before !== undefined && token > before.token);
    const end = Math.min(next?.at ?? Infinity, fault.began + ttl);
    const led = before?.who === who && end < history.healed;
    const alone = faultsDuring(history, fault.began - ttl - CALM_BEFORE, end).every(
      (other) => other === fault || (other.ended < fault.began - CALM_BEFORE && !isOne(GONE, other)),
    );
    // The rig is the network: where it did not get to run, that was not up to anybody else.
    const stalled = history.stalls.some(({ from, to }) => from <= end && to >= fault.began && to - from > STALL);
    return led && alone && !stalled && queueLength(history, fault.began) >= 2 ? [{ fault, next }] : [];
  });
}

/** How many keys there were, the leader's included; none counts where one is a contender's. */
function queueLength({ keys }: History, at: Moment): number {
  const live = new Map<string, string>();
  for (const { type, key, value } of keys.filter(({ seenAt }) => seenAt < at))
    if (type === "put") live.set(key, value);
    else live.delete(key);
  return [...live.values()].some(isContender) ? 0 : live.size;
}

/** When everything has been stopped, nothing is left. */
export function nothingLeft(history: History): Finding[] {
  const { keys, leases, processes } = history.remains;
  const unseen = unseenDaemons(history);
  const told = (what: string, all: readonly string[]): Finding[] =>
    all.map((one) => violation(`${what} is left: ${one}`));
  const isUnseen = (one: string): boolean => unseen.has(Number.parseInt(one, 10));
  return [
    ...told("a key", keys),
    ...told("a lease", leases),
    ...told(
      "a process",
      processes.filter((one) => !isUnseen(one)),
    ),
    ...processes.filter(isUnseen).map((one) => race(`a process is left that its guard could not have seen: ${one}`)),
  ];
}
