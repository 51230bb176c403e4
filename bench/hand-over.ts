import { randomInt, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { readBeats, violations } from "../test/helpers/beats.js";
import type { Child } from "../test/helpers/child.js";
import type { EtcdCluster } from "../test/helpers/etcd-server.js";
import { projectPath } from "../test/helpers/paths.js";
import { isAlive } from "../test/helpers/processes.js";
import { startProxy, type TcpProxy } from "../test/helpers/tcp-proxy.js";
import { until } from "../test/helpers/until.js";
import { start, type Contestant } from "./contestants.js";
import type { Fault, Leader } from "./faults.js";
import { monotonic } from "./monotonic.js";

export interface Trial {
  readonly etcd: EtcdCluster;
  /** For the workloads' lines. */
  readonly folder: string;
  readonly contestant: Contestant;
  readonly fault: Fault;
}

export interface Outcome {
  /** Milliseconds from the fault to the next workload's first line; Infinity if none came. */
  readonly took: number;
  /** Workloads that live at the end. */
  readonly alive: number;
  /** Lines that cannot be if one workload runs at a time. */
  readonly overlaps: number;
}

const START_LIMIT = 60_000; // ms; many start at once
// A planned stop that is ignored takes 10 s, a lease as long again.
const HAND_OVER_LIMIT = 40_000; // ms
// In which an old workload would write some fifteen lines more.
const AFTERMATH = 300; // ms

/** Two candidates in an election of their own, of which the one that leads is struck. */
export async function handOver({ etcd, folder, contestant, fault }: Trial): Promise<Outcome> {
  const election = `bench-${randomUUID()}`;
  const beats = join(folder, election);
  const pair = await Promise.all([0, 1].map(() => enter({ etcd, contestant, fault, election, beats })));
  try {
    const { leader, next } = await ready(etcd, election, pair, beats);
    await pause(settling(fault, contestant));
    const struckAt = monotonic();
    fault.strike(leader);
    const firstLine = await takeOver(fault, leader, next);
    await pause(AFTERMATH);
    const all = readBeats(readFileSync(beats, "utf8"));
    const workloads = [...new Set(all.map(({ pid }) => pid))];
    const first = firstLine && all.find(({ pid }) => pid !== leader.workload);
    return {
      took: first ? first.at - struckAt : Infinity,
      alive: workloads.filter(isAlive).length,
      overlaps: violations(all).length,
    };
  } finally {
    await Promise.all(pair.map(leave));
  }
}

interface Entrant {
  readonly candidate: Child;
  readonly network: TcpProxy | undefined;
}

interface Entry extends Omit<Trial, "folder"> {
  readonly election: string;
  readonly beats: string;
}

async function enter({ etcd, contestant, fault, election, beats }: Entry): Promise<Entrant> {
  const network = fault.throughProxy ? await startProxy(etcd.member.clientPort) : undefined;
  const workload = ["perl", projectPath("bench/workload.pl"), beats];
  const candidate = start(contestant, { election, endpoint: network?.url ?? etcd.endpoints, workload });
  return { candidate, network };
}

/** Ends whatever a candidate has left, its workload too, wherever that has gone. */
async function leave({ candidate, network }: Entrant): Promise<void> {
  await candidate.end();
  await network?.close();
}

/** Resolves when one of the two leads and the other one stands in the queue. */
async function ready(etcd: EtcdCluster, election: string, pair: readonly Entrant[], beats: string) {
  const first = await Promise.any(
    pair.map(async (entrant) => {
      await entrant.candidate.stdoutLine("running", START_LIMIT);
      return entrant;
    }),
  );
  const next = pair.find((entrant) => entrant !== first);
  const workload = readBeats(readFileSync(beats, "utf8"))[0]?.pid;
  if (next === undefined || workload === undefined) throw new Error("a leader without anybody behind it");
  const queue = async () => (await etcd.etcdctl("get", "--prefix", "--keys-only", `${election}/`)).stdout;
  await until("two in the queue", async () => (await queue()).match(/\S+/g)?.length === pair.length, {
    timeoutMs: START_LIMIT,
    everyMs: 50,
  });
  return { leader: { ...first, workload } satisfies Leader, next: next.candidate };
}

/** Whether the next one has come to run its workload. */
async function takeOver(fault: Fault, leader: Leader, next: Child): Promise<boolean> {
  const over = new AbortController();
  const insistence = fault.insists && insist(fault.insists, leader, over.signal);
  try {
    await next.stdoutLine("running", HAND_OVER_LIMIT);
    return true;
  } catch {
    return false;
  } finally {
    over.abort();
    await insistence;
  }
}

async function insist(again: NonNullable<Fault["insists"]>, leader: Leader, over: AbortSignal): Promise<void> {
  const sooner = await pause(again.after, false, { signal: over }).catch(() => true);
  if (!sooner) again.strike(leader);
}

/**
 * How long a pair is left alone before the fault, in milliseconds: until the one behind has come to rest, and, where the
 * lease has to run out, until any moment between two of its renewals (every 2 s ours, every 3.3 s those of etcdctl).
 */
function settling(fault: Fault, { name }: Contestant): number {
  return fault.quickFor.includes(name) ? randomInt(300, 500) : randomInt(500, 3_900);
}
