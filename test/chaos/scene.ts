import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import type { EtcdCluster } from "../helpers/etcd-server.js";
import type { Candidate } from "./candidates.js";
import { monotonic } from "./clock.js";
import { readBeats, type Beat, type Mode } from "./history.js";
import type { KeyLog } from "./key-log.js";
import type { ClientLinks } from "./network.js";
import type { PeerLinks } from "./peer-links.js";

/** A beat older than this says nothing about who leads now. */
const FRESH = 500;
/** Holds the last beat for certain. */
const TAIL_BYTES = 512;

/** All that faults act on. */
export interface Scene {
  readonly mode: Mode;
  readonly election: string;
  readonly cluster: EtcdCluster;
  readonly peers: PeerLinks;
  readonly links: ClientLinks;
  readonly candidates: readonly Candidate[];
  readonly keyLog: KeyLog;
  /** The file that all workloads beat into. */
  readonly beats: string;
  /** A folder on a disk that can be filled, and whose log is there; undefined where there is no such disk. */
  readonly smallDisk: { readonly candidate: string; readonly folder: string } | undefined;
  /** Members that a fault holds now. */
  readonly busyMembers: Set<string>;
}

/** The last beat of the newest leader, if it was just now. */
export function lastBeat({ beats }: Pick<Scene, "beats">): Beat | undefined {
  const file = openSync(beats, "r");
  try {
    const size = fstatSync(file).size;
    const tail = Buffer.alloc(Math.min(TAIL_BYTES, size));
    readSync(file, tail, 0, tail.length, size - tail.length);
    // What comes before the first line's end may be half a line.
    const lines = tail.toString().split("\n").slice(1).join("\n");
    // Beside the newest one a workload may beat that nobody ended.
    const beat = readBeats(lines).reduce<Beat | undefined>(
      (newest, one) => (newest && newest.token > one.token ? newest : one),
      undefined,
    );
    return beat && monotonic() - beat.at < FRESH ? beat : undefined;
  } finally {
    closeSync(file);
  }
}

/** The candidate whose workload beats now. */
export function leaderOf(scene: Scene): Candidate | undefined {
  const who = lastBeat(scene)?.who;
  return scene.candidates.find(({ running }) => running !== undefined && running.who === who);
}

/** A key of the queue as it is now. */
export interface QueuedKey {
  readonly key: string;
  readonly value: string;
  /** Lower-case hexadecimal. */
  readonly lease: string;
  readonly created: bigint;
}

/** The queue, the leader first; undefined when etcd does not answer. */
export async function queueOf({ cluster, election }: Scene): Promise<QueuedKey[] | undefined> {
  const found = await cluster.etcdctl("get", "--prefix", `${election}/`, "--sort-by=CREATE", "-w=fields");
  if (found.code !== 0) return undefined;
  const column = (name: string): string[] =>
    [...found.stdout.matchAll(new RegExp(`^"${name}" : (.*)$`, "gm"))].map(([, value = ""]) => value);
  const [values, created, leases] = [column("Value"), column("CreateRevision"), column("Lease")];
  return column("Key").map((key, index) => ({
    key: String(JSON.parse(key)),
    value: String(JSON.parse(values[index] ?? '""')),
    lease: BigInt(leases[index] ?? 0).toString(16),
    created: BigInt(created[index] ?? 0),
  }));
}

/** etcd's revision now; undefined when it does not answer. */
export async function revisionOf({ cluster, election }: Scene): Promise<bigint | undefined> {
  const { stdout } = await cluster.etcdctl("get", `${election}/`, "-w=fields");
  const [, revision] = /^"Revision" : (\d+)$/m.exec(stdout) ?? [];
  return revision === undefined ? undefined : BigInt(revision);
}

/** One of these, by a number from 0 to below 1. */
export function byLot<T>(items: readonly T[], lot: number): T | undefined {
  return items[Math.floor(lot * items.length)];
}
