import type { Candidate, Fact } from "./candidate.js";
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
  /** How one learns that the leader's workload has ended; from the leader itself when not given. */
  ends?(): Promise<Fact<void>>;
  /** What one is then told, if it was not the leader who ended it. */
  readonly endTold?: string;
  /** With which the leader has to exit; a signal's name if it is to die of that. */
  readonly status: number | NodeJS.Signals;
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
  const ended = act.ends?.() ?? from.ends();
  const [end, taken, left] = await Promise.all([ended, to.runs(), from.exits()]);
  const took = taken.at - struckAt;
  claim(left.value === act.status, `${from.name} exited with ${left.value} and not with ${act.status}`);
  // News of two processes can be read in the wrong order; whether one ended before the other began, the beats will tell.
  const endedAt = Math.min(end.at, taken.at);
  const ending = act.endTold && `${act.endTold}, ${Math.round(endedAt - struckAt)} ms after the signal.`;
  stage.tell(ending ?? `${stage.name(from)}'s workload has ended.`, { at: endedAt });
  const facts = [
    { at: taken.at, text: `${stage.name(to)} leads and runs the workload, ${Math.round(took)} ms after the signal.` },
    { at: left.at, text: `${stage.name(from)} has exited with the status of its workload, ${left.value}.` },
  ].slice(0, typeof left.value === "number" ? 2 : 1);
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
