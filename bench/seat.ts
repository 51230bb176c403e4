import { randomUUID } from "node:crypto";
import type { EtcdCluster } from "../test/helpers/etcd-server.js";
import type { Seat } from "./contestants.js";

/** A place in an election of its own, which nobody leads. */
export function freeSeat(etcd: EtcdCluster, workload: readonly string[]): Seat {
  return { election: `bench-${randomUUID()}`, endpoint: etcd.endpoints, workload };
}

/** A place in an election that somebody leads for ever who asks nothing of etcd: a key without a lease. */
export async function seatBehind(etcd: EtcdCluster, workload: readonly string[]): Promise<Seat> {
  const seat = freeSeat(etcd, workload);
  const { code, stderr } = await etcd.etcdctl("put", `${seat.election}/0`, "somebody");
  if (code !== 0) throw new Error(`etcdctl put: ${stderr}`);
  return seat;
}
