import { NEVER } from "../abort.js";
import { systemClock } from "../clock.js";
import type { Election, HeldLease } from "../election.js";
import { EtcdClient } from "../etcd/client.js";
import { etcdElection } from "../etcd/election.js";
import { randomLeaseId } from "../etcd/lease-id.js";
import { Lease } from "../etcd/lease.js";
import { ClientPool } from "../etcd/pool.js";
import type { Log } from "../log.js";
import { candidacyOf, etcdOptions, timing } from "./reading.js";
import type { CandidacySettings, ElectionSettings, EtcdSettings, LeaseSettings } from "./settings.js";

const SILENCE: Log = () => {};

/**
 * Opens an election to stand for by hand. Whoever wins must itself keep to the term's times: be asked to end at `termAt`, be gone by
 * `killAt`, and only then withdraw.
 *
 * @throws Failure with code `usage` for settings that cannot be kept.
 */
export function openElection(settings: ElectionSettings, log: Log = SILENCE): Election {
  return shareEtcd(settings, log).openElection(settings, log);
}

/** An etcd whose connections are shared. */
export interface SharedEtcd {
  /** As `openElection`. The last election that is closed closes a connection. */
  openElection(settings: CandidacySettings, log?: Log): Election;
}

/**
 * For a program that stands in many elections: a connection for each would cost it more than all the rest. Up to 25 share one, each
 * with a lease and deadlines of its own.
 *
 * @param log of the connections themselves.
 * @throws Failure with code `usage` for settings that cannot be kept.
 */
export function shareEtcd(settings: EtcdSettings = {}, log: Log = SILENCE): SharedEtcd {
  const options = etcdOptions(settings);
  const clock = systemClock();
  const pool = new ClientPool(() => new EtcdClient(options, { clock, log }));
  return {
    openElection(candidacy, candidateLog = SILENCE) {
      const chosen = candidacyOf(candidacy);
      const { client, giveBack } = pool.take();
      return etcdElection(chosen, { client, clock, log: candidateLog, newLeaseId: randomLeaseId }, giveBack);
    },
  };
}

/** A lease and the connection it is renewed on. */
export interface OpenLease {
  readonly lease: HeldLease;
  /** Ends the connection; revoke the lease before, or it runs out by itself. */
  close(): void;
}

/**
 * Takes a lease that is renewed until it is lost or revoked. For as long as it takes, or until the signal is aborted.
 *
 * @throws Failure if etcd refuses, or the settings cannot be kept.
 */
export async function grantLease(
  settings: EtcdSettings & LeaseSettings = {},
  { signal = NEVER, log = SILENCE }: { readonly signal?: AbortSignal; readonly log?: Log } = {},
): Promise<OpenLease> {
  const clock = systemClock();
  const client = new EtcdClient(etcdOptions(settings), { clock, log });
  try {
    const lease = await Lease.grant({ client, clock, log, newLeaseId: randomLeaseId }, timing(settings), signal);
    const close = (): void => {
      lease.release();
      client.close();
    };
    lease.bind("answer");
    await lease.confirm(signal).catch((error: unknown) => {
      close();
      throw error;
    });
    return { lease, close };
  } catch (error) {
    client.close();
    throw error;
  }
}
