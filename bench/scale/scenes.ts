import type { EtcdCluster } from "../../test/helpers/etcd-server.js";
import { EtcdCounts } from "../../test/helpers/etcd-metrics.js";
import { Crowd, type Cast } from "./crowd.js";
import { loadOver, type Load } from "./load.js";
import { outage, OUTAGES, type Return } from "./outage.js";
import type { HandOvers } from "./tables.js";

/** What was measured. */
export interface Scene {
  readonly load: Load;
  readonly series: readonly HandOvers[];
  readonly returns: readonly Return[];
}

// Each takes some milliseconds, and of a hundred the 99th percentile is not the longest.
const IN_A_ROW = 100;
const LEAVERS = 20;

/** All candidates in one queue: the leader goes a hundred times, then some from the middle; then etcd fails. */
export async function oneElection(candidates: number, cast: Cast): Promise<Scene> {
  const { etcd, rest } = cast;
  const name = "one";
  const crowd = await Crowd.start(
    Array.from({ length: candidates }, () => name),
    cast,
  );
  try {
    const load = await loadOver(rest, etcd.member, crowd);
    const times = Math.min(IN_A_ROW, Math.floor(candidates / 3));
    const leads = await series(etcd, crowd, "the leader leaves", async () => {
      const took: number[] = [];
      while (took.length < times) took.push(await crowd.handOver(name));
      return took;
    });
    const leavers = fromTheMiddle(await queueOf(etcd, name));
    const leaves = await series(etcd, crowd, "one in the middle leaves", async () => {
      const took: number[] = [];
      for (const id of leavers) took.push(await crowd.closeUp(id));
      return took;
    });
    const returns: Return[] = [];
    for (const each of OUTAGES) returns.push(await outage(each, etcd.member, crowd));
    return { load, series: [leads, leaves], returns };
  } finally {
    await crowd.end();
  }
}

/** Many small elections: a hundred leaders go one after another, then all the others at once. */
export async function manyElections(elections: number, each: number, cast: Cast): Promise<Scene> {
  const { etcd, rest } = cast;
  const names = Array.from({ length: elections }, (_, index) => `election-${index}`);
  const crowd = await Crowd.start(Array.from({ length: each }, () => names).flat(), cast);
  try {
    const load = await loadOver(rest, etcd.member, crowd);
    const [row, others] = [names.slice(0, IN_A_ROW), names.slice(IN_A_ROW)];
    const oneByOne = await series(etcd, crowd, "leaders leave, one after another", async () => {
      const took: number[] = [];
      for (const name of row) took.push(await crowd.handOver(name));
      return took;
    });
    const together = (): Promise<number[]> => Promise.all(others.map((name) => crowd.handOver(name)));
    const atOnce = others.length > 0 ? [await series(etcd, crowd, "all other leaders leave at once", together)] : [];
    return { load, series: [oneByOne, ...atOnce], returns: [] };
  } finally {
    await crowd.end();
  }
}

async function series(
  etcd: EtcdCluster,
  crowd: Crowd,
  name: string,
  run: () => Promise<readonly number[]>,
): Promise<HandOvers> {
  crowd.forgetTold();
  const before = await EtcdCounts.of(etcd.endpoints);
  const took = await run();
  const after = await EtcdCounts.of(etcd.endpoints);
  const [elected, moved] = [crowd.count("elected"), crowd.count("standby") + crowd.count("rejoining")];
  return { name, took, events: after.events - before.events, elected, moved };
}

/** Candidates by their place, the leader first. */
async function queueOf(etcd: EtcdCluster, name: string): Promise<readonly number[]> {
  const { stdout } = await etcd.etcdctl("get", "--prefix", "--sort-by=CREATE", "--print-value-only", `${name}/`);
  return stdout.trim().split("\n").map(Number);
}

/** Neither the leader nor the next one, and no two beside each other. */
function fromTheMiddle(queue: readonly number[]): readonly number[] {
  const step = Math.max(2, Math.floor(queue.length / (LEAVERS + 1)));
  return queue.filter((_, place) => place > 1 && place % step === 0 && place < queue.length - 1).slice(0, LEAVERS);
}
