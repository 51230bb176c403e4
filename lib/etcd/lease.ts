import { abortedWith, NEVER, unlessAborted } from "../abort.js";
import type { Deferred } from "../deferred.js";
import { deferred } from "../deferred.js";
import type { Milliseconds } from "../duration.js";
import type { HeldLease, LeasedKey, LostReason } from "../election.js";
import { Failure } from "../failure.js";
import type { Timing, TimingSettings } from "../timing.js";
import { renewalPhase, timingOf } from "../timing.js";
import type { Connection } from "./connection.js";
import type { LeaseContext } from "./context.js";
import { failureOf } from "./errors.js";
import { KeepAlives } from "./keep-alives.js";
import type { Renewal } from "./validity.js";
import { Validity } from "./validity.js";

/** A member may answer with a raft term we had not heard of a few times in a row; more often it is no luck but trouble. */
const MOST_REPEATS = 3;

/**
 * An etcd lease that is renewed from the moment it is granted.
 *
 * Renewal is in lockstep: one keepalive, its own answer. With a key bound to it, an answer counts only if a linearizable read finds
 * that key afterwards in the same raft term, and `validUntil` moves on from the time just before the keepalive was sent
 * (etcd-io/etcd#15247: a member that was paused answers for leases it no longer decides on).
 */
export class Lease implements HeldLease {
  readonly #context: LeaseContext;
  readonly #keepAlives: KeepAlives;
  readonly #lost = deferred<LostReason>();
  #renewed: Deferred<void> = deferred();
  readonly #stop = new AbortController();
  #proof: LeasedKey | "answer" | undefined;
  readonly #validity: Validity;
  /** The newest, as long as the raft term is the one that was known before it. */
  #newest: Renewal | undefined;
  /** What somebody waits for who needs a confirmed renewal now. */
  #awaited: Deferred<void> | undefined;
  #nap = new AbortController();
  #due: Milliseconds;

  private constructor(
    /** Decimal, as etcd's messages have it. */
    readonly id: string,
    /** What follows from the TTL that was granted. */
    readonly timing: Timing,
    context: LeaseContext,
  ) {
    this.#context = context;
    this.#validity = new Validity(timing);
    this.#keepAlives = new KeepAlives(id, context.clock);
    this.#due = context.clock.now() + renewalPhase(timing, Math.random());
    void this.#renewing();
  }

  /**
   * Asks etcd for a lease, for as long as it takes.
   *
   * @throws Failure if etcd refuses it, or the signal is aborted.
   */
  static async grant(context: LeaseContext, settings: TimingSettings, signal: AbortSignal): Promise<Lease> {
    const id = context.newLeaseId();
    const request = { ID: id, TTL: String(Math.ceil(settings.ttl / 1_000)) };
    const sent = context.clock.now();
    const answer = await context.client
      .persist((raw, options) => raw.leaseClient.leaseGrant(request, options), signal)
      .catch((error: unknown) => {
        // The id is random: whoever has it already is our own attempt whose answer was lost.
        if (error instanceof Failure && error.code === "lease-exists") return { TTL: request.TTL, header: undefined };
        throw error;
      });
    const lease = new Lease(id, timingOf(settings, Number(answer.TTL) * 1_000), context);
    const { ttl, renewEvery, renewWait } = lease.timing;
    if (answer.header) lease.#newest = { sent, ttl, raftTerm: answer.header.raft_term };
    context.log("debug", "granted", { lease: lease.hex, ttl, period: renewEvery, patience: renewWait });
    return lease;
  }

  /** Lower-case hexadecimal, as in keys. */
  get hex(): string {
    return BigInt(this.id).toString(16);
  }

  /** Resolves when the lease or its key can no longer be counted on. Never rejects. */
  get lost(): Promise<LostReason> {
    return this.#lost.promise;
  }

  /** Resolves with the next renewal that counts. Never rejects. */
  get renewed(): Promise<void> {
    return this.#renewed.promise;
  }

  /** Until when the lease cannot have run out, by `Clock.now()`; in the past before a renewal counted. */
  validUntil(): Milliseconds {
    return this.#validity.until;
  }

  /**
   * Says what proves a renewal from now on: a key that must still be there, or etcd's answer alone, which a member that was paused
   * may give wrongly. Before that no renewal counts, and only etcd's own word (`lease-gone`) ends the lease.
   */
  bind(proof: LeasedKey | "answer"): void {
    this.#proof = proof;
    this.#validity.reset();
  }

  /** The newest renewal, or the grant, that etcd has acknowledged: what a read that is asked for from now on can prove. */
  get newest(): Renewal | undefined {
    return this.#newest;
  }

  /**
   * Counts a renewal that was the newest when a linearizable read was asked for, which has found our key in the same raft term.
   *
   * @param raftTerm that of the read.
   * @param reserve for how long it must be good still: one that is older is as none, and what follows has its time.
   */
  prove(renewal: Renewal | undefined, raftTerm: string, reserve: Milliseconds): void {
    if (renewal?.raftTerm !== raftTerm || this.#stop.signal.aborted) return;
    if (this.#validity.reachOf(renewal) - this.#context.clock.now() >= reserve) this.#count(renewal);
  }

  /** Renews now and resolves with the next confirmed renewal. Rejects when the lease is lost or the signal aborted. */
  async confirm(signal: AbortSignal): Promise<void> {
    this.#awaited ??= deferred();
    this.#due = this.#context.clock.now();
    this.#nap.abort();
    const over = abortedWith(signal, this.#stop.signal);
    await unlessAborted(this.#awaited.promise, over.signal).finally(() => over.abort());
  }

  /** Says that the lease or its key is gone: nothing may run on it any more. */
  lose(reason: LostReason): void {
    this.#validity.end(this.#context.clock.now());
    this.#lost.resolve(reason);
    this.release();
  }

  /** Stops renewing; the lease runs out unless it is revoked. */
  release(): void {
    this.#stop.abort();
    this.#nap.abort();
    this.#keepAlives.cancel();
  }

  /**
   * Stops renewing and gives the lease back, its keys with it. A lease that is gone already is no error.
   *
   * @throws Failure when etcd does not answer within `timeout`.
   */
  async revoke(timeout: Milliseconds): Promise<void> {
    this.release();
    await this.#context.client
      .persist((raw, options) => raw.leaseClient.leaseRevoke({ ID: this.id }, options), NEVER, timeout)
      .catch((error: unknown) => {
        if (!(error instanceof Failure && error.code === "lease-gone")) throw error;
      });
  }

  async #renewing(): Promise<void> {
    const { client, clock, log } = this.#context;
    let [failures, repeats, trouble] = [0, 0, ""];
    while (await this.#napped()) {
      const sent = clock.now();
      const late = sent - this.#due > this.timing.renewWait;
      if (sent >= this.#validity.expiry) return this.lose("expired");
      const connection = client.current;
      const { failed } = connection;
      try {
        const outcome = await this.#renew(connection, sent);
        if (outcome === "renewed" && trouble !== "") log("info", "connected", { endpoint: connection.endpoint });
        if (outcome === "renewed") [failures, trouble] = [0, ""];
        repeats = outcome === "repeat" ? repeats + 1 : 0;
        this.#due = this.#nextDue(sent, outcome, repeats, late);
      } catch (error) {
        if (this.#stop.signal.aborted) return;
        const failure = failureOf(error, connection.endpoint);
        log(failure.message === trouble ? "debug" : "warn", "renewal-failed", { error: failure.message });
        [failures, trouble] = [failures + 1, failure.message];
        this.#keepAlives.cancel();
        client.rotate(connection, failed, sent);
        // Every endpoint gets its chance at once; after that there is no hurry that could help.
        this.#due = failures < client.size ? clock.now() : sent + this.timing.renewEvery / 2;
      }
    }
  }

  /** Waits until the next renewal is due; false when there will be none. */
  async #napped(): Promise<boolean> {
    const { clock } = this.#context;
    while (!this.#stop.signal.aborted) {
      const until = Math.min(this.#due, this.#validity.expiry);
      if (until <= clock.now()) return true;
      this.#nap = new AbortController();
      await clock.sleep(until - clock.now(), this.#nap.signal);
    }
    return false;
  }

  /** One keepalive and, once a key is bound, the read that confirms it; both within one renewal's patience. */
  async #renew(connection: Connection, sent: Milliseconds): Promise<"renewed" | "repeat"> {
    const { clock, log } = this.#context;
    const end = Math.min(sent + this.timing.renewWait, this.#validity.expiry);
    const left = (): Milliseconds => Math.max(end - clock.now(), 0);
    const before = connection.raftTerm;
    const { TTL, header } = await this.#keepAlives.renew(connection, left());
    const ttl = Number(TTL) * 1_000;
    if (ttl <= 0) this.lose("lease-gone");
    if (this.#stop.signal.aborted) return "renewed";
    const renewal = { sent, ttl, raftTerm: header.raft_term };
    this.#newest = before === renewal.raftTerm ? renewal : undefined;
    if (this.#proof === undefined) return "renewed";
    if (this.#proof !== "answer") {
      const { key, revision } = this.#proof;
      const read = await connection.call(left(), (raw, options) => raw.kv.range({ key }, options));
      // Lost or released meanwhile: what is over stays over.
      if (this.#stop.signal.aborted) return "renewed";
      // The same term before, at and after: no other member decided on leases when this one renewed ours.
      if (before !== renewal.raftTerm || read.header.raft_term !== renewal.raftTerm) return "repeat";
      if (read.kvs[0]?.create_revision !== revision) {
        this.lose("key-gone");
        return "renewed";
      }
    }
    this.#count(renewal);
    const now = clock.now();
    log("trace", "renewed", { left: Math.round(this.validUntil() - now), took: Math.round((now - sent) * 10) / 10 });
    return "renewed";
  }

  #count(renewal: Renewal): void {
    this.#validity.count(renewal);
    this.#awaited?.resolve();
    this.#awaited = undefined;
    this.#renewed.resolve();
    this.#renewed = deferred();
  }

  #nextDue(sent: Milliseconds, outcome: "renewed" | "repeat", repeats: number, late: boolean): Milliseconds {
    const { renewEvery } = this.timing;
    if (outcome === "repeat") return repeats < MOST_REPEATS ? sent : sent + renewEvery / 2;
    if (this.#awaited !== undefined) return sent;
    return sent + (late ? renewalPhase(this.timing, Math.random()) : renewEvery);
  }
}
