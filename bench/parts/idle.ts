import { performance } from "node:perf_hooks";
import { setTimeout as pause } from "node:timers/promises";
import { startEtcd, type EtcdCluster } from "../../test/helpers/etcd-server.js";
import { ALONE, atRest, INITS, LEADING, locks, STANDBY, type Rest, type Resting } from "../at-rest.js";
import { TTL } from "../contestants.js";
import { between, requestsAt, type Requests } from "../etcd-requests.js";
import type { Goal, Part, Rig } from "../part.js";
import { processorTime } from "../processor.js";
import { timed } from "../units.js";

/** The rhythm of while-leader's renewals. */
const PERIOD = TTL / 5; // s
const MOST_SETTLED = 5; // s; what is loaded late has been loaded
const HOUR = 3_600; // s

interface Use {
  readonly name: string;
  /** Seconds in which it was watched. */
  readonly seconds: number;
  /** Milliseconds, of its guard too. */
  readonly processor: number;
  /** Undefined for one that takes part in no election. */
  readonly requests?: { readonly renewals: number; readonly reads: number; readonly others: number };
}

export const idle: Part = {
  name: "idle",
  async measure(rig) {
    const window = rig.runs * PERIOD;
    const settled = Math.min(rig.runs, MOST_SETTLED);
    const rests = [ALONE, STANDBY, LEADING, ...locks(rig.binaries), ...INITS];
    const here = rests.filter(({ contestant }) => contestant.words !== undefined);
    const uses = await watched(here, settled * 1_000, window * 1_000, rig);
    return {
      note: `${window} s of each, all at once, each election on an etcd of its own, TTL ${TTL} s`,
      tables: [
        {
          headings: ["process", "CPU per hour:", "renewals per hour:", "reads per hour:", "other requests per hour:"],
          rows: rests.map(({ name }) => row(name, uses)),
        },
      ],
      goals: uses.flatMap(goals),
      charts: [
        {
          title: "CPU per hour",
          bars: uses.map((each) => ({
            label: each.name,
            value: hourly(each, each.processor),
            ours: each.name.startsWith("while-leader"),
          })),
          log: true,
          show: timed,
        },
      ],
    };
  },
};

async function watched(rests: readonly Rest[], settled: number, window: number, rig: Rig): Promise<Use[]> {
  const clusters: EtcdCluster[] = [];
  const running: { rest: Rest; etcd: EtcdCluster; resting: Resting }[] = [];
  try {
    for (const rest of rests) {
      const etcd = rest.place ? await startEtcd({ binaries: rig.binaries }) : rig.etcd;
      if (rest.place) clusters.push(etcd);
      running.push({ rest, etcd, resting: await atRest(rest, etcd) });
    }
    await pause(settled);
    const before = await Promise.all(running.map(look));
    await pause(window);
    const after = await Promise.all(running.map(look));
    return running.flatMap(({ rest }, index) => {
      const [from, to] = [before[index], after[index]];
      return from && to ? [useOf(rest, from, to)] : [];
    });
  } finally {
    await Promise.all(running.map(({ resting }) => resting.end()));
    await Promise.all(clusters.map((etcd) => etcd.stop()));
  }
}

interface Look {
  readonly at: number;
  readonly processor: number;
  readonly requests: Requests;
}

async function look({ etcd, resting: { main, guard } }: { etcd: EtcdCluster; resting: Resting }): Promise<Look> {
  const requests = await requestsAt(etcd.member.clientUrl);
  const processor = processorTime(main) + (guard === undefined ? 0 : processorTime(guard));
  return { at: performance.now(), processor, requests };
}

function useOf({ name, place }: Rest, from: Look, to: Look): Use {
  const all = between(from.requests, to.requests);
  const [renewals, reads] = ["LeaseKeepAlive", "Range"].map((method) =>
    between(from.requests, to.requests, [method]),
  ) as [number, number];
  return {
    name,
    seconds: (to.at - from.at) / 1_000,
    processor: to.processor - from.processor,
    ...(place && { requests: { renewals, reads, others: all - renewals - reads } }),
  };
}

function row(name: string, uses: readonly Use[]): string[] {
  const found = uses.find((each) => each.name === name);
  if (found === undefined) return [name, "not installed"];
  const { renewals, reads, others } = found.requests ?? {};
  const counts = [renewals, reads, others].map((count) => (count === undefined ? "–" : perHour(found, count)));
  return [name, timed(hourly(found, found.processor)), ...counts];
}

/** One request may fall to either side of the ends of the time that was watched. */
function goals(each: Use): Goal[] {
  const { name, seconds, requests } = each;
  if (requests === undefined || ![STANDBY.name, LEADING.name].includes(name)) return [];
  const { renewals, reads, others } = requests;
  const [leads, most] = [name === LEADING.name, seconds / PERIOD + 1];
  const goal = (what: string, bound: string, count: number, reached: boolean): Goal => {
    return { what: `${name}: ${what}`, bound, measured: `${perHour(each, count)} an hour`, reached };
  };
  return [
    goal("renewals", `one in TTL/5: ${HOUR / PERIOD} an hour`, renewals, renewals <= most),
    leads ? goal("reads", "one a renewal", reads, reads <= renewals + 1) : goal("reads", "none", reads, reads === 0),
    goal("anything else", "none", others, others === 0),
  ];
}

function hourly({ seconds }: Use, amount: number): number {
  return (amount / seconds) * HOUR;
}

function perHour(each: Use, count: number): string {
  return String(Math.round(hourly(each, count)));
}
