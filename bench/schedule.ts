import type { Contestant } from "./contestants.js";
import type { Fault } from "./faults.js";
import { handOver, type Outcome, type Trial } from "./hand-over.js";

export interface Series {
  readonly fault: Fault;
  readonly contestant: Contestant;
  readonly outcomes: readonly Outcome[];
}

export interface Plan extends Pick<Trial, "etcd" | "folder"> {
  readonly faults: readonly Fault[];
  readonly contestants: readonly Contestant[];
  /** Of each fault with each contestant. */
  readonly runs: number;
  /** Told how many hand-overs there will be in all, and how many have been. */
  readonly progress?: (done: number, all: number) => void;
}

// Pairs that do little but wait for a lease: 30 candidates take some 3 GB and a tenth of two processors.
const AT_ONCE = 15;

/**
 * Hands over again and again. The contestants take turns, so that whatever else the machine does befalls all of them
 * alike; what is quick runs alone, one at a time, and what waits for a lease many at a time.
 */
export async function handOvers({ etcd, folder, faults, contestants, runs, progress }: Plan): Promise<Series[]> {
  const series = faults.flatMap((fault) =>
    contestants.map((contestant) => ({ fault, contestant, outcomes: [] as Outcome[] })),
  );
  const rounds = Array.from({ length: runs }, () => series).flat();
  const isQuick = ({ fault, contestant }: Series) => fault.quickFor.includes(contestant.name);
  let done = 0;
  const run = async ({ fault, contestant, outcomes }: (typeof series)[number]) => {
    outcomes.push(await handOver({ etcd, folder, fault, contestant }));
    progress?.(++done, rounds.length);
  };
  await atOnce(1, rounds.filter(isQuick), run);
  await atOnce(
    AT_ONCE,
    rounds.filter((each) => !isQuick(each)),
    run,
  );
  return series;
}

/** Does something with each, in order, never with more than `limit` at a time. */
async function atOnce<T>(limit: number, each: readonly T[], act: (one: T) => Promise<void>): Promise<void> {
  const rest = each.values();
  // They draw from one source.
  const worker = async (): Promise<void> => {
    for (const one of rest) await act(one);
  };
  await Promise.all(Array.from({ length: limit }, worker));
}
