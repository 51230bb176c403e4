import type { Candidate } from "./candidate.js";
import type { Stage } from "./stage.js";

/** Something that happens to the leader, and what is to follow from it. */
export interface Act {
  /** Marks it on the time line. */
  readonly letter: string;
  readonly fault: string;
  /** The fault in a sentence. */
  readonly told: string;
  strike(): void;
  /** What happens before anybody takes over. */
  meanwhile?(struckAt: number): Promise<void>;
  readonly from: Candidate;
  readonly to: Candidate;
  /** With which the leader has to exit. */
  readonly status: number;
}

export interface HandOver {
  readonly letter: string;
  readonly fault: string;
  readonly from: Candidate;
  readonly to: Candidate;
  /** Milliseconds from the signal to the first line of the next workload. */
  readonly took: number;
}

/** Strikes the leader and watches the next one taking over. */
export async function handOver(stage: Stage, act: Act): Promise<HandOver> {
  const { letter, fault, told, from, to } = act;
  const struckAt = stage.mark(from, letter);
  act.strike();
  stage.tell(told, { at: struckAt, letter });
  await act.meanwhile?.(struckAt);
  const [ended, taken, left] = await Promise.all([from.ends(), to.runs(), from.exits()]);
  const took = taken.at - struckAt;
  claim(left.value === act.status, `${from.name} exited with ${left.value} and not with ${act.status}`);
  // News of two processes can be read in the wrong order; whether one ended before the other began, the beats will tell.
  stage.tell(`${stage.name(from)}'s workload has ended.`, { at: Math.min(ended.at, taken.at) });
  const facts = [
    { at: taken.at, text: `${stage.name(to)} leads and runs the workload, ${Math.round(took)} ms after the signal.` },
    { at: left.at, text: `${stage.name(from)} has exited with the status of its workload, ${left.value}.` },
  ];
  for (const { at, text } of facts.toSorted((a, b) => a.at - b.at)) stage.tell(text, { at });
  return { letter, fault, from, to, took };
}

/** Tells whom a candidate that was started waits behind. */
export async function waitInLine(stage: Stage, candidate: Candidate): Promise<void> {
  const { at, value: key } = await candidate.waits();
  const before = stage.whoHas(key);
  claim(before !== undefined, `${candidate.name} waits behind a stranger, ${key}`);
  stage.tell(`${stage.name(candidate)} waits behind ${stage.name(before)}.`, { at });
}

/** Ends the demonstration if something that it tells is not so. */
export function claim(isSo: boolean, otherwise: string): asserts isSo {
  if (!isSo) throw new Error(otherwise);
}
