import { setTimeout as pause } from "node:timers/promises";
import { ALONE, atRest, INITS, LEADING, locks, STANDBY, type Rest, type Resting } from "../at-rest.js";
import { memoryOf, type Memory } from "../memory.js";
import { atMost, type Part, type Rig } from "../part.js";
import { percentile } from "../statistics.js";
import { sized } from "../units.js";

const [MOST, MOST_ALONE] = [60e6, 50e6]; // bytes resident, with an election and without
// They differ little.
const MOST_COPIES = 5;
const MOST_SETTLED = 10; // s; a first collection of garbage and five renewals are over then

interface Sample {
  readonly name: string;
  readonly memories: readonly Memory[];
}

export const memory: Part = {
  name: "memory",
  async measure(rig) {
    const copies = Math.min(rig.runs, MOST_COPIES);
    const settled = Math.min(rig.runs, MOST_SETTLED);
    const rests = [ALONE, STANDBY, LEADING, ...locks(rig.binaries), ...INITS];
    const samples = await sampled(rests, copies, settled * 1_000, rig);
    const resident = ({ name }: Rest) => middle(samples, name, "resident");
    const there = samples.filter(({ memories }) => memories.length > 0);
    return {
      note: `${copies} of each at once, ${settled} s after they had come to rest`,
      tables: [
        {
          headings: ["process", "resident, p50:", "private, p50:"],
          rows: samples.map(({ name, memories }) =>
            memories.length === 0
              ? [name, "not installed"]
              : [name, ...(["resident", "private"] as const).map((field) => sized(middle(samples, name, field)))],
          ),
        },
      ],
      goals: [
        atMost(`resident, ${ALONE.name}`, MOST_ALONE, resident(ALONE), sized),
        ...[STANDBY, LEADING].map((rest) => atMost(`resident, ${rest.name}`, MOST, resident(rest), sized)),
      ],
      charts: [
        {
          title: "Memory: the bars are private, the lines resident",
          bars: there.map(({ name }) => ({
            label: name,
            value: middle(samples, name, "private"),
            reach: middle(samples, name, "resident"),
            ours: name.includes("while-leader"),
          })),
          show: sized,
        },
      ],
    };
  },
};

/** All at once: they do nothing that could disturb the others. */
async function sampled(rests: readonly Rest[], copies: number, settled: number, { etcd }: Rig): Promise<Sample[]> {
  const running: { rest: Rest; resting: Resting }[] = [];
  try {
    for (const rest of rests.filter(({ contestant }) => contestant.words !== undefined)) {
      for (let copy = 0; copy < copies; copy++) running.push({ rest, resting: await atRest(rest, etcd) });
    }
    await pause(settled);
    return rests.flatMap((rest) => {
      const all = running.filter((each) => each.rest === rest).map(({ resting }) => resting);
      const guards = all.flatMap(({ guard }) => guard ?? []);
      const mains = { name: rest.name, memories: all.map(({ main }) => memoryOf(main)) };
      return rest.guarded ? [mains, { name: `guard of a ${rest.name}`, memories: guards.map(memoryOf) }] : [mains];
    });
  } finally {
    await Promise.all(running.map(({ resting }) => resting.end()));
  }
}

function middle(samples: readonly Sample[], name: string, field: keyof Memory): number {
  const memories = samples.find((sample) => sample.name === name)?.memories ?? [];
  return percentile(
    memories.map((each) => each[field]),
    50,
  );
}
