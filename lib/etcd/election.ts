import { setImmediate as eventLoopTurn } from "node:timers/promises";
import { abortedWith } from "../abort.js";
import type { Deferred } from "../deferred.js";
import { deferred } from "../deferred.js";
import type { Milliseconds } from "../duration.js";
import type { Campaign, Election, LeasedKey, Term } from "../election.js";
import { ExitStatus } from "../exit-status.js";
import { Failure } from "../failure.js";
import { killTime, startReserve, termTime } from "../timing.js";
import type { TimingSettings } from "../timing.js";
import type { LeaseContext } from "./context.js";
import { Lease } from "./lease.js";
import type { Entry, Standing } from "./queue.js";
import { Queue } from "./queue.js";
import { StepDownRequests } from "./step-down.js";
import { KeyWatch } from "./watch.js";

/** What to stand for, and as whom. */
export interface Candidacy {
  /** The election's name: the keys' prefix without the slash. */
  readonly name: string;
  /** The value of our key. */
  readonly identity: string;
  /** Fail with status 75 at once if somebody else leads. */
  readonly once: boolean;
  readonly timing: TimingSettings;
}

/** A place in the queue: our key and the lease it hangs on. */
interface Place extends LeasedKey {
  readonly lease: Lease;
}

/** A look at the queue, and the renewal that it can prove: the newest one when it was asked for. */
type Seen = Standing & { readonly renewal: Lease["newest"] };

/** What is left of a lost place runs out by itself; it only must not stand in our way for long. */
const REQUEUE_WITHIN: Milliseconds = 1_000;

/**
 * An election with the key layout of Go's `concurrency.Election`: keys `NAME/<lease id in hex>`, the lowest create revision leads.
 * `etcdctl elect`, `etcdctl lock` and Go programs can take part in it.
 *
 * @param close ends what the election has of the client.
 */
export function etcdElection(
  candidacy: Candidacy,
  context: LeaseContext,
  close = () => context.client.close(),
): Election {
  const debts = new Set<Lease>();
  const requests = new StepDownRequests(candidacy.name, context);
  return {
    campaign: () => new EtcdCampaign(candidacy, context, debts, requests),
    close,
  };
}

class EtcdCampaign implements Campaign {
  readonly #candidacy: Candidacy;
  readonly #context: LeaseContext;
  readonly #queue: Queue;
  /** Leases we are done with while etcd does not know it yet: their keys still stand before the one we put next. */
  readonly #debts: Set<Lease>;
  readonly #requests: StepDownRequests;
  readonly #queued: Deferred<void> = deferred();
  readonly #withdrawn = new AbortController();
  readonly elected: Promise<Term>;
  #lease: Lease | undefined;

  constructor(candidacy: Candidacy, context: LeaseContext, debts: Set<Lease>, requests: StepDownRequests) {
    this.#candidacy = candidacy;
    this.#requests = requests;
    this.#context = context;
    this.#queue = new Queue(candidacy.name, context);
    this.#debts = debts;
    this.elected = this.#run();
    this.elected.catch((error: unknown) => this.#queued.reject(error));
  }

  get queued(): Promise<void> {
    return this.#queued.promise;
  }

  async withdraw(timeout: Milliseconds): Promise<boolean> {
    this.#withdrawn.abort();
    await this.elected.catch(() => {});
    return this.#giveBack(timeout);
  }

  async #run(): Promise<Term> {
    for (;;) {
      const { place, first } = await this.#enqueue();
      this.#queued.resolve();
      void this.#guardKey(place);
      const seen = await this.#reachHead(place, first);
      if (seen !== undefined) return this.#term(place, seen);
      // Our lease ran out or our key was deleted while we waited: queue again, at the end.
      this.#context.log("warn", "rejoining", { key: place.key.toString(), reason: await place.lease.lost });
      await this.#giveBack(REQUEUE_WITHIN);
      this.#withdrawn.signal.throwIfAborted();
    }
  }

  /** Takes a place at the end of the queue. */
  async #enqueue(): Promise<{ readonly place: Place; readonly first: Seen }> {
    const { identity, timing } = this.#candidacy;
    for (;;) {
      const lease = await Lease.grant(this.#context, timing, this.#withdrawn.signal);
      this.#lease = lease;
      await this.#payDebts();
      const key = this.#queue.keyOf(lease.hex);
      const renewal = lease.newest;
      const standing = await this.#queue.put(key, identity, lease.id, this.#withdrawn.signal);
      if (standing) return { place: { key, revision: standing.own, lease }, first: { ...standing, renewal } };
      lease.release();
    }
  }

  /** Now that etcd answers again. */
  async #payDebts(): Promise<void> {
    for (const lease of this.#debts) {
      await lease.revoke(REQUEUE_WITHIN).then(
        () => this.#debts.delete(lease),
        () => {}, // it runs out by itself
      );
    }
  }

  /** Waits until nobody stands before us. @returns the revision at which that was seen; undefined if our place is gone. */
  async #reachHead(place: Place, first: Seen): Promise<string | undefined> {
    const { clock } = this.#context;
    const over = abortedWith(this.#withdrawn.signal);
    const { signal } = over;
    void place.lease.lost.then(() => over.abort());
    try {
      let look = first;
      if (look.ahead !== undefined && this.#candidacy.once) throw await this.#heldByOther(signal);
      while (look.ahead !== undefined) look = await this.#outlive(look.ahead, look.revision, place, signal);
      // Nobody is before us; now be sure that we are there ourselves, with time to start in (etcd-io/etcd#19597). The look that has
      // shown the one may have shown the other, too, and then nothing more is to be asked.
      const { lease } = place;
      const reserve = startReserve(lease.timing);
      lease.bind(place);
      if (look.present) lease.prove(look.renewal, look.raftTerm, reserve);
      while (lease.validUntil() - clock.now() < reserve) await lease.confirm(signal);
      return look.revision;
    } catch (error) {
      if (signal.aborted && !this.#withdrawn.signal.aborted) return undefined;
      throw error;
    } finally {
      over.abort();
    }
  }

  async #heldByOther(signal: AbortSignal): Promise<Failure> {
    const leader = await this.#queue.leader(signal);
    const who = leader ? `${leader.value.toString()} (${leader.key.toString()})` : "somebody else";
    return new Failure("not-elected", `election ${this.#candidacy.name} is led by ${who}`, ExitStatus.notLeader);
  }

  /** Waits until another key or none is before ours. One wake-up for each hand-over, however many candidates there are. */
  async #outlive(ahead: Entry, revision: string, place: Place, signal: AbortSignal): Promise<Seen> {
    await this.#announce(ahead, place, signal);
    const watch = new KeyWatch(this.#context, ahead.key);
    for (let seen = revision; ;) {
      await watch.changed(seen, signal);
      const renewal = place.lease.newest;
      const now = await this.#queue.standing(place.revision, signal);
      if (now.ahead?.create_revision !== ahead.create_revision) return { ...now, renewal };
      seen = now.revision;
    }
  }

  async #announce(ahead: Entry, place: Place, signal: AbortSignal): Promise<void> {
    const { log } = this.#context;
    const leader = await this.#queue.leader(signal);
    const behind = ahead.key.toString();
    log("info", "standby", {
      election: this.#candidacy.name,
      key: place.key.toString(),
      leader: leader?.value.toString(),
      behind,
    });
    if (this.#queue.isForeign(ahead.key))
      log("warn", "blocked", { behind, error: "this key belongs to an election of a longer name" });
  }

  /** Notices within milliseconds that somebody deleted our key. */
  async #guardKey({ key, revision, lease }: Place): Promise<void> {
    const { client } = this.#context;
    const over = abortedWith(this.#withdrawn.signal);
    const { signal } = over;
    void lease.lost.then(() => over.abort());
    // Whoever is elected meanwhile starts the command first.
    await eventLoopTurn();
    const watch = new KeyWatch(this.#context, key);
    for (let seen = revision; ;) {
      const change = await watch.changed(seen, signal);
      if (signal.aborted) return;
      // Somebody else may lead by now: no time to ask.
      if (change === "deleted") return lease.lose("key-gone");
      try {
        const answer = await client.request((raw, options) => raw.kv.range({ key }, options), signal);
        if (answer.kvs[0]?.create_revision !== revision) lease.lose("key-gone");
        seen = answer.header.revision;
      } catch {
        // The renewals meet the same trouble and decide what it means.
      }
    }
  }

  #term({ key, revision, lease }: Place, electedAt: string): Term {
    const { name, identity } = this.#candidacy;
    const left = Math.round(lease.validUntil() - this.#context.clock.now());
    this.#context.log("info", "elected", { election: name, identity, key: key.toString(), revision, left });
    const over = abortedWith(this.#withdrawn.signal);
    void lease.lost.then(() => over.abort());
    return {
      key: key.toString(),
      revision,
      electedAt,
      lease: lease.hex,
      validUntil: () => lease.validUntil(),
      termAt: () => termTime(lease.timing, lease.validUntil()),
      killAt: () => killTime(lease.timing, lease.validUntil()),
      get renewed() {
        return lease.renewed;
      },
      lost: lease.lost,
      asked: this.#requests.asked(revision, over.signal),
    };
  }

  /** Revokes the lease, and our key with it, so that the next one leads: one write of etcd. @returns whether etcd acknowledged it. */
  async #giveBack(timeout: Milliseconds): Promise<boolean> {
    const lease = this.#lease;
    this.#lease = undefined;
    if (lease === undefined) return true;
    this.#debts.add(lease);
    try {
      await lease.revoke(timeout);
      this.#debts.delete(lease);
      return true;
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      return false; // it runs out by itself
    }
  }
}
