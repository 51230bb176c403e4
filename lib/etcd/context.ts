import type { Clock } from "../clock.js";
import type { Log } from "../log.js";
import type { EtcdClient } from "./client.js";

/** What a lease works with, and all that asks etcd for one. */
export interface LeaseContext {
  readonly client: EtcdClient;
  readonly clock: Clock;
  readonly log: Log;
  /** Chooses the id of each lease, decimal, before etcd is asked for it. */
  readonly newLeaseId: () => string;
}
