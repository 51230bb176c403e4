import { etcdctlLock, whileLeader } from "../contestants.js";
import { FAULTS, plannedStop, workloadKilled, type Fault } from "../faults.js";
import type { Bar } from "../chart.js";
import { atMost, type Goal, type Part } from "../part.js";
import type { Outcome } from "../hand-over.js";
import { handOvers, type Series } from "../schedule.js";
import { spreadOf, type Spread } from "../statistics.js";
import type { Table } from "../table.js";
import { ratio, timed } from "../units.js";

const MOST_PLANNED = 50; // ms

export const handOver: Part = {
  name: "hand-over",
  async measure({ etcd, binaries, folder, runs, progress }) {
    const contestants = [whileLeader, etcdctlLock(binaries)];
    const series = await handOvers({ etcd, folder, faults: FAULTS, contestants, runs, ...(progress && { progress }) });
    return {
      note: `${runs} hand-overs of each kind`,
      tables: [handOverTable(series)],
      goals: goals(series),
      charts: [
        { title: "Fault to the next command's first line: p50, p99", bars: bars(series), log: true, show: timed },
      ],
    };
  },
};

/** A line for each fault: the first contestant, then the second one, then how their medians compare. */
export function handOverTable(all: readonly Series[]): Table {
  const faults = [...new Set(all.map(({ fault }) => fault))];
  const names = [...new Set(all.map(({ contestant }) => contestant.name))];
  const rows = faults.map((fault) => {
    const series = all.filter((each) => each.fault === fault);
    const [ours, peers] = series.map(({ outcomes }) => spreadOf(outcomes.map(({ took }) => took)).p50);
    const compared = ours === undefined || peers === undefined ? [] : [ratio(peers, ours)];
    return [[fault.name], ...series.map(cells), compared].flat();
  });
  const compared = names.length === 2 ? ["ratio of p50:"] : [];
  const headings = names.flatMap((name) => [`${name}, p50:`, "p99:", "two at once:"]);
  return { headings: ["fault", ...headings, ...compared], rows };
}

function cells({ outcomes }: Series): string[] {
  const { p50, p99, count } = spreadOf(outcomes.map(({ took }) => took));
  const twice = outcomes.filter(({ alive, overlaps }) => alive > 1 || overlaps > 0).length;
  return [timed(p50), timed(p99), `${twice} of ${count}`];
}

/** The second bound is that of somebody who knows not to stop `etcdctl lock` itself. */
function goals(all: readonly Series[]): Goal[] {
  const spread = (fault: Fault, ours: boolean) =>
    all
      .filter((each) => each.fault === fault && (each.contestant === whileLeader) === ours)
      .map(({ outcomes }) => spreadOfTimes(outcomes))[0];
  const [planned, theirs, told] = [
    spread(plannedStop, true),
    spread(plannedStop, false),
    spread(workloadKilled, false),
  ];
  if (!planned || !theirs || !told) return [];
  return [
    atMost("planned stop, p99", MOST_PLANNED, planned.p99, timed),
    atMost("planned stop, p50, to that of etcdctl lock", theirs.p50, planned.p50, timed),
    atMost("planned stop, p50, to etcdctl lock whose command is killed", told.p50, planned.p50, timed),
  ];
}

function bars(all: readonly Series[]): Bar[] {
  return all.map(({ fault, contestant, outcomes }) => {
    const { p50, p99 } = spreadOfTimes(outcomes);
    const ours = contestant === whileLeader;
    return { label: `${fault.name}${ours ? "" : `, ${contestant.name}`}`, value: p50, reach: p99, ours };
  });
}

function spreadOfTimes(outcomes: readonly Outcome[]): Spread {
  return spreadOf(outcomes.map(({ took }) => took));
}
