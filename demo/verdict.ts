import { readBeats, violations } from "../test/helpers/beats.js";

/** What the workloads' own lines tell. */
export interface Verdict {
  readonly beats: number;
  /** The process of each run, in the order of the runs. */
  readonly runs: readonly number[];
  readonly terms: number;
  /** Each one in words: a workload beat although another one had followed it. */
  readonly overlaps: readonly string[];
}

export function verdictOf(text: string): Verdict {
  const beats = readBeats(text);
  const runs = beats.filter(({ token, pid }, index) => {
    const before = beats[index - 1];
    return before?.token !== token || before.pid !== pid;
  });
  return {
    beats: beats.length,
    runs: runs.map(({ pid }) => pid),
    terms: new Set(beats.map(({ token }) => token)).size,
    overlaps: violations(beats),
  };
}
