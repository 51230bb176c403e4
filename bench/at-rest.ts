import type { Child } from "../test/helpers/child.js";
import type { EtcdBinaries } from "../test/helpers/etcd-binaries.js";
import type { EtcdCluster } from "../test/helpers/etcd-server.js";
import { until } from "../test/helpers/until.js";
import {
  dumbInit,
  etcdctlLock,
  start,
  tini,
  whileLeaderAlone,
  whileLeaderWith,
  type Contestant,
} from "./contestants.js";
import { freeSeat, seatBehind } from "./seat.js";

/** A contestant in a phase in which it only waits. */
export interface Rest {
  readonly name: string;
  readonly contestant: Contestant;
  /** Its place in an election, if it takes part in one: in the queue behind somebody, or at its head. */
  readonly place?: "behind" | "ahead";
  /** Whether it has a guard, which its log then names. */
  readonly guarded?: boolean;
}

const talking = whileLeaderWith("while-leader", "--verbose");

export const ALONE: Rest = { name: whileLeaderAlone.name, contestant: whileLeaderAlone };
export const STANDBY: Rest = { name: "while-leader, standing by", contestant: talking, place: "behind", guarded: true };
export const LEADING: Rest = { name: "while-leader, leading", contestant: talking, place: "ahead", guarded: true };
export const INITS: readonly Rest[] = [tini, dumbInit].map((contestant) => ({ name: contestant.name, contestant }));

export function locks(binaries: EtcdBinaries): Rest[] {
  const contestant = etcdctlLock(binaries);
  return [
    { name: "etcdctl lock, waiting", contestant, place: "behind" },
    { name: "etcdctl lock, holding", contestant, place: "ahead" },
  ];
}

/** Processes that wait. */
export interface Resting {
  readonly main: number;
  readonly guard: number | undefined;
  end(): Promise<void>;
}

const COMMAND = ["sh", "-c", "echo running; exec sleep 3600"];
const START_LIMIT = 60_000; // ms; many start at once

/** Resolves when it has come to where it waits. */
export async function atRest({ contestant, place, guarded }: Rest, etcd: EtcdCluster): Promise<Resting> {
  const behind = place === "behind";
  const seat = behind ? await seatBehind(etcd, COMMAND) : freeSeat(etcd, COMMAND);
  const child = start(contestant, seat);
  try {
    if (behind) await queued(child, etcd, seat.election);
    else await child.stdoutLine("running", START_LIMIT);
    const guard = guarded ? await guardOf(child) : undefined;
    return { main: child.pid, guard, end: () => child.end() };
  } catch (error) {
    await child.end();
    throw error;
  }
}

async function queued(child: Child, etcd: EtcdCluster, election: string): Promise<void> {
  const keys = async () => (await etcd.etcdctl("get", "--prefix", "--keys-only", `${election}/`)).stdout;
  const two = async () => {
    if (child.hasExited) throw new Error(`a candidate ended: ${child.stderr}`);
    return (await keys()).match(/\S+/g)?.length === 2;
  };
  await until(`somebody behind the leader of ${election}`, two, { timeoutMs: START_LIMIT, everyMs: 50 });
}

function guardOf(child: Child): Promise<number> {
  const look = () => Number(/ guarded .*\bpid=(\d+)/.exec(child.stderr)?.[1] ?? 0) || undefined;
  return until("a guard", look, { timeoutMs: START_LIMIT });
}
