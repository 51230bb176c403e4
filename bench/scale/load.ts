import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import type { Member } from "../../test/helpers/etcd-member.js";
import { EtcdCounts } from "../../test/helpers/etcd-metrics.js";
import { memoryOf } from "../memory.js";
import type { Crowd } from "./crowd.js";

/** What etcd and the candidates' processes do at one moment. */
interface Moment {
  readonly at: number;
  readonly counts: EtcdCounts;
  readonly etcdCpu: number;
  readonly hostCpu: number;
}

/** What they did over a time; rates are per second. */
export interface Load {
  readonly keepAlives: number;
  readonly reads: number;
  readonly writes: number;
  readonly newWatches: number;
  readonly fsyncs: number;
  /** Of one processor, 1 for all of it. */
  readonly etcdCpu: number;
  readonly hostCpu: number;
  readonly etcdMemory: number;
  readonly hostMemory: number;
  /** All descriptors of the candidates' processes. */
  readonly descriptors: number;
  readonly databaseSize: number;
  readonly leases: number;
  readonly watches: number;
}

/** Looks on for `duration` milliseconds. */
export async function loadOver(duration: number, member: Member, crowd: Crowd): Promise<Load> {
  const before = await look(member, crowd);
  await pause(duration);
  const after = await look(member, crowd);
  const seconds = (after.at - before.at) / 1_000;
  const rate = (of: (counts: EtcdCounts) => number): number => (of(after.counts) - of(before.counts)) / seconds;
  const { counts } = after;
  return {
    keepAlives: rate((each) => each.sum("etcd_debugging_lease_renewed_total")),
    reads: rate((each) => each.begun("Range")),
    writes: rate((each) => each.sum("etcd_server_proposals_committed_total")),
    newWatches: rate((each) => each.begun("Watch")),
    fsyncs: rate((each) => each.sum("etcd_disk_wal_fsync_duration_seconds_count")),
    etcdCpu: (after.etcdCpu - before.etcdCpu) / seconds,
    hostCpu: (after.hostCpu - before.hostCpu) / seconds,
    etcdMemory: memoryOf(member.pid).resident,
    hostMemory: sumOf(crowd.pids, (pid) => memoryOf(pid).private),
    descriptors: sumOf(crowd.pids, (pid) => readdirSync(`/proc/${pid}/fd`).length),
    databaseSize: counts.sum("etcd_mvcc_db_total_size_in_bytes"),
    leases: counts.open("LeaseKeepAlive"),
    watches: counts.sum("etcd_debugging_mvcc_watcher_total"),
  };
}

async function look(member: Member, crowd: Crowd): Promise<Moment> {
  const counts = await EtcdCounts.of(member.clientUrl);
  return { at: performance.now(), counts, etcdCpu: cpuOf(member.pid), hostCpu: sumOf(crowd.pids, cpuOf) };
}

/** Seconds of processor time so far; the kernel counts in hundredths (proc_pid_stat(5), USER_HZ). */
export function cpuOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  const [user, system] = stat
    .slice(stat.lastIndexOf(")") + 2)
    .split(" ")
    .slice(11, 13);
  return (Number(user) + Number(system)) / 100;
}

function sumOf(pids: readonly number[], of: (pid: number) => number): number {
  return pids.reduce((sum, pid) => sum + of(pid), 0);
}
