import { beatsWithinValidity, noOlderBeat, noOrphans, tokensAreCreateRevisions } from "./beat-rules.js";
import type { Finding, Rule } from "./finding.js";
import type { History } from "./history.js";
import { noBugs, oneReasonPerTerm, validityWithinLease } from "./log-rules.js";
import { handOverSoon, handOversOf, leadsAgain, nothingLeft } from "./run-rules.js";
import { beatsByToken } from "./terms.js";

/** What must hold over the merged log of a run. */
export const RULES = {
  "no beat of an older token after the first of a newer one": noOlderBeat,
  "tokens are create revisions": tokensAreCreateRevisions,
  "last beat <= validUntil": beatsWithinValidity,
  "validUntil <= send + TTL": validityWithinLease,
  "someone leads again": leadsAgain,
  "a planned hand-over takes less than a TTL": handOverSoon,
  "no orphan 2 s after a wrapper's end": noOrphans,
  "nothing is left at the end": nothingLeft,
  "every term ends with one logged reason": oneReasonPerTerm,
  "no bug is logged": noBugs,
} as const satisfies Readonly<Record<string, Rule>>;

/** What a run has shown. */
export interface Verdict {
  readonly violations: readonly string[];
  /** Documented races that were lost within their bounds. */
  readonly races: readonly string[];
  /** What could not be looked at, and why. */
  readonly unchecked: readonly string[];
  readonly counts: Counts;
}

/** How much there was to be looked at. */
export interface Counts {
  readonly beats: number;
  readonly terms: number;
  readonly faults: number;
  /** Faults that befell nobody, for want of a target. */
  readonly skipped: number;
  readonly handOvers: number;
  /** Milliseconds in which the rig did not get to run, in all. */
  readonly stalled: number;
  /** Milliseconds; the longest of those that nothing disturbed. */
  readonly longestHandOver: number;
}

export function check(history: History): Verdict {
  const findings = Object.entries<Rule>(RULES).flatMap(([name, rule]) =>
    rule(history).map(({ kind, text }) => ({ kind, text: `${name}: ${text}` })),
  );
  const of = (kind: Finding["kind"]): string[] => findings.filter((one) => one.kind === kind).map(({ text }) => text);
  const handOvers = handOversOf(history);
  return {
    violations: of("violation"),
    races: of("race"),
    unchecked: of("unchecked"),
    counts: {
      beats: history.beats.length,
      terms: beatsByToken(history).size,
      faults: history.faults.length,
      skipped: history.faults.filter(({ skipped }) => skipped !== undefined).length,
      handOvers: handOvers.length,
      stalled: Math.round(history.stalls.reduce((sum, { from, to }) => sum + to - from, 0)),
      longestHandOver: Math.round(Math.max(0, ...handOvers.map(({ fault, next }) => (next?.at ?? 0) - fault.began))),
    },
  };
}
