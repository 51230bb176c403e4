import type { Milliseconds } from "./duration.js";

/**
 * Why a term ended although nobody here ended it.
 *
 * - `expired`: no renewal was confirmed in time, the lease may have run out
 * - `lease-gone`: etcd no longer knows the lease (revoked or run out)
 * - `key-gone`: our key was deleted, or somebody else's stands in its place
 */
export type LostReason = "expired" | "lease-gone" | "key-gone";

/** Something one host at a time can win. */
export interface Election {
  /** Stands for election: takes a place in the queue and waits for its turn. One campaign at a time. */
  campaign(): Campaign;
  /** Ends every connection. Campaigns must have been withdrawn before. */
  close(): void;
}

/** One candidacy, from the first attempt to connect until it is withdrawn. */
export interface Campaign {
  /** Resolves once our key stands in the queue. Rejects with a `Failure` if that can never be. */
  readonly queued: Promise<void>;
  /** Resolves when we lead, verified a moment ago. Rejects with a `Failure`, or when withdrawn. */
  readonly elected: Promise<Term>;
  /**
   * Gives the place or the leadership back: stops renewing, revokes the lease and the key with it. Call it once nothing runs any
   * more that needs the term.
   *
   * @param timeout after it the lease is left to run out by itself.
   * @returns whether etcd has acknowledged it.
   */
  withdraw(timeout: Milliseconds): Promise<boolean>;
}

/** One stretch of leadership. */
export interface Term {
  /** Our key in etcd. */
  readonly key: string;
  /** The fencing token: the key's create revision, decimal. Grows from term to term. */
  readonly revision: string;
  /** etcd's revision when we were seen to lead, decimal: what `etcdctl lock` calls the lock's revision. */
  readonly electedAt: string;
  /** Lease id, lower-case hexadecimal as in the key. */
  readonly lease: string;
  /** Until when the lease cannot have run out, by `Clock.now()`; moves on with every confirmed renewal. */
  validUntil(): Milliseconds;
  /** When the workload must be asked to end, by `Clock.now()`, unless a renewal comes before. */
  termAt(): Milliseconds;
  /** When everything must be killed, by `Clock.now()`, unless a renewal comes before. */
  killAt(): Milliseconds;
  /** Resolves with the next confirmed renewal, which may never come. Never rejects. */
  readonly renewed: Promise<void>;
  /** Resolves when the term is over for good: somebody else may lead. Never rejects. */
  readonly lost: Promise<LostReason>;
  /** Resolves with who asks, when somebody asks us to hand leadership over. Never rejects. */
  readonly asked: Promise<string>;
}

/** An election that is won at once and for ever: the command runs under the same supervisor, with no etcd. */
export const UNCONTESTED: Election = {
  campaign: () => ({
    queued: Promise.resolve(),
    elected: Promise.resolve({
      key: "",
      revision: "",
      electedAt: "",
      lease: "",
      validUntil: () => Infinity,
      termAt: () => Infinity,
      killAt: () => Infinity,
      renewed: new Promise<void>(() => {}),
      lost: new Promise<LostReason>(() => {}),
      asked: new Promise<string>(() => {}),
    }),
    withdraw: () => Promise.resolve(true),
  }),
  close: () => {},
};

/** A key that stands and falls with its lease. */
export interface LeasedKey {
  readonly key: Buffer;
  /** The key's create revision. */
  readonly revision: string;
}

/** A lease that is renewed until it is lost or given back. */
export interface HeldLease {
  /** Decimal, as etcd's messages have it. */
  readonly id: string;
  /** Lower-case hexadecimal, as in keys. */
  readonly hex: string;
  /** Resolves when the lease or its key can no longer be counted on. Never rejects. */
  readonly lost: Promise<LostReason>;
  /** Resolves with the next renewal that counts. Never rejects. */
  readonly renewed: Promise<void>;
  /** Until when the lease cannot have run out, by `Clock.now()`. */
  validUntil(): Milliseconds;
  /**
   * Says what proves a renewal from now on: a key that must still be there, or etcd's answer alone, which a member that was paused
   * may give wrongly.
   */
  bind(proof: LeasedKey | "answer"): void;
  /** Renews now and resolves with the next confirmed renewal. Rejects when the lease is lost or the signal aborted. */
  confirm(signal: AbortSignal): Promise<void>;
  /** Stops renewing; the lease runs out unless it is revoked. */
  release(): void;
  /**
   * Stops renewing and gives the lease back, its keys with it. A lease that is gone already is no error.
   *
   * @throws Failure when etcd does not answer within `timeout`.
   */
  revoke(timeout: Milliseconds): Promise<void>;
}
