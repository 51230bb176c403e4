import { ms, race, unchecked, violation, type Finding } from "./finding.js";
import type { Beat, Happened, History, Moment } from "./history.js";
import { ETCD_FAULTS } from "./menu.js";
import { beatsByToken, faultsDuring, hasHoles, termsOf, unseenDaemons } from "./terms.js";

/** Times in the log are whole milliseconds, cut off, and what is left of a lease is rounded. */
const ROUNDING = 2;

/**
 * Whoever deletes the leader's key or revokes its lease by hand lets the next one lead from that moment (docs/limits.md).
 * There it was 15 to 95 ms on one host with both cores busy; here more than that wants the CPU.
 */
export const RACE_WINDOW = 500;

const UNSEEN = "a daemon that its guard could not have seen when its wrapper was killed";

/** No beat of an older token comes after the first one of a newer token. */
export function noOlderBeat(history: History): Finding[] {
  const found = new Map<string, { text: string; late: Beat[]; newer: Beat }>();
  let newest: Beat | undefined;
  for (const beat of history.beats) {
    if (newest && beat.token < newest.token) {
      const text = `token ${beat.token} (${beat.who}, ${beat.role}) beat after token ${newest.token} (${newest.who})`;
      const known = found.get(text) ?? { text, late: [], newer: newest };
      known.late.push(beat);
      found.set(text, known);
    } else if (newest?.token !== beat.token) newest = beat;
  }
  const unseen = unseenDaemons(history);
  return [...found.values()].flatMap(({ text, late, newer }) =>
    late.every(({ pid }) => unseen.has(pid)) ? [race(`${text}: ${UNSEEN}`)] : judgeLate(history, text, late, newer),
  );
}

function judgeLate(history: History, text: string, late: readonly Beat[], newer: Beat): Finding[] {
  const excused = late.filter((beat) => beat.at <= raceEnd(history, beat.token));
  const rest = late.filter((beat) => !excused.includes(beat));
  const told = (beats: readonly Beat[]): string =>
    `${text}: ${beats.length} times, up to ${ms((beats.at(-1)?.at ?? 0) - newer.at)} after its first`;
  return [
    ...(rest.length > 0 ? [violation(told(rest))] : []),
    ...(excused.length > 0 ? [race(`${told(excused)}; its key or lease was taken by hand`)] : []),
  ];
}

/** Until when a token's workload may still be there although somebody else leads; -Infinity if nobody took its key by hand. */
function raceEnd(history: History, token: bigint): Moment {
  const term = termsOf(history).find((one) => one.token === token);
  const taken = term && history.faults.find(({ hit, kind }) => isByHand(kind) && hit.includes(term.key));
  if (!term || !taken) return -Infinity;
  const end = taken.ended + RACE_WINDOW;
  // Cut off from etcd, it cannot hear of it before its own time is over; what wants the CPU keeps it from hearing, too.
  const from = taken.began - RACE_WINDOW;
  const deaf =
    history.stalls.some((stall) => stall.from <= end && stall.to >= from) ||
    faultsDuring(history, from, end).some(
      (fault) => fault !== taken && canDeafen(fault, term.instance.who, term.instance.candidate),
    );
  return deaf ? Math.max(end, term.validUntil) : end;
}

function isByHand(kind: Happened["kind"]): boolean {
  return kind === "delete-key" || kind === "revoke-lease";
}

function canDeafen({ kind, hit }: Happened, who: string, candidate: string): boolean {
  if (ETCD_FAULTS.includes(kind) || kind === "starve-cpus") return true;
  return hit.some((one) => one === who || one.startsWith(`${candidate}>`));
}

/** A token is the create revision of its leader's key, as etcd itself tells it. */
export function tokensAreCreateRevisions(history: History): Finding[] {
  if (history.mode === "lock") return [unchecked("etcdctl lock tells its command no create revision")];
  const created = new Map(
    history.keys
      .filter(({ type, created: at, revision }) => type === "put" && at === revision)
      .map((put) => [put.revision, put]),
  );
  return [...beatsByToken(history)].flatMap(([token, [first]]) => {
    const put = created.get(token);
    if (put && put.value === first?.who) return [];
    if (put) return [violation(`${first?.who} ran under token ${token}, which is the key of ${put.value}`)];
    return history.unseen.some(([from, to]) => from <= token && token < to)
      ? [unchecked(`token ${token}: compaction hid its key's creation from all three watches`)]
      : [violation(`${first?.who} ran under token ${token}, at which no key was created`)];
  });
}

/** The last beat of a term comes while its lease is valid by the wrapper's own reckoning. */
export function beatsWithinValidity(history: History): Finding[] {
  if (history.mode === "lock") return [unchecked("etcdctl lock does not tell until when its lease is valid")];
  const terms = new Map(termsOf(history).map((term) => [term.token, term]));
  const unseen = unseenDaemons(history);
  return [...beatsByToken(history)].flatMap(([token, beats]) => {
    const [last, term] = [beats.findLast(({ pid }) => !unseen.has(pid)), terms.get(token)];
    if (!last || last.role === "contender") return [];
    const instance = history.instances.find(({ who }) => who === last.who);
    if (term && last.at <= term.validUntil + ROUNDING) return [];
    if (instance && hasHoles(history, instance)) return [unchecked(`token ${token}: the log of ${last.who} has holes`)];
    if (!term) return [violation(`token ${token}: ${last.who} beat, but its log tells of no such term`)];
    return [
      violation(`token ${token}: ${last.who} (${last.role}) beat ${ms(last.at - term.validUntil)} after its validity`),
    ];
  });
}

/** How long a workload may outlive its wrapper. */
const ORPHAN_LIMIT = 2_000;

/** No process of a workload is there two seconds after its wrapper's end. */
export function noOrphans(history: History): Finding[] {
  const unseen = unseenDaemons(history);
  return history.instances.flatMap(({ who, endedAt, end }) => {
    const late = history.beats.filter((beat) => beat.who === who && beat.at > endedAt + ORPHAN_LIMIT);
    const roles = [...new Set(late.map(({ role, pid }) => `${role} ${pid}`))].join(", ");
    const last = late.at(-1);
    if (!last) return [];
    const told = `${who} ended (${end}); ${roles} beat for ${ms(last.at - endedAt)} more`;
    return [late.every(({ pid }) => unseen.has(pid)) ? race(`${told}: ${UNSEEN}`) : violation(told)];
  });
}
