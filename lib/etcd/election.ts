import type { Deferred } from "../deferred.js";
import { deferred } from "../deferred.js";
import type { Milliseconds } from "../duration.js";
import type { Campaign, Election, Term } from "../election.js";
import { ExitStatus } from "../exit-status.js";
import { NEVER } from "../abort.js";
import { Failure } from "../failure.js";
import { killTime, startReserve, termTime } from "../timing.js";
import type { TimingSettings } from "../timing.js";
import { jittered } from "./client.js";
import type { Raw } from "./connection.js";
import type { LeaseContext, LeasedKey } from "./lease.js";
import { Lease } from "./lease.js";
import { watchKey } from "./watch.js";

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

/** A key in the queue. */
interface Entry {
  readonly key: Buffer;
  readonly value: Buffer;
  readonly create_revision: string;
}

/** What is left of a lost place runs out by itself; it only must not stand in our way for long. */
const REQUEUE_WITHIN: Milliseconds = 1_000;
/** A watch that is refused again and again must not be asked for in a loop. */
const WATCH_PAUSE: Milliseconds = 500;

/**
 * An election with the key layout of Go's `concurrency.Election`: keys `NAME/<lease id in hex>`, the lowest create revision leads.
 * `etcdctl elect`, `etcdctl lock` and Go programs can take part in it.
 *
 * @param context its client is closed with the election.
 */
export function etcdElection(candidacy: Candidacy, context: LeaseContext): Election {
  return {
    campaign: () => new EtcdCampaign(candidacy, context),
    close: () => context.client.close(),
  };
}

class EtcdCampaign implements Campaign {
  readonly #candidacy: Candidacy;
  readonly #context: LeaseContext;
  readonly #queued: Deferred<void> = deferred();
  readonly #withdrawn = new AbortController();
  readonly elected: Promise<Term>;
  #place: Place | undefined;
  #lease: Lease | undefined;

  constructor(candidacy: Candidacy, context: LeaseContext) {
    this.#candidacy = candidacy;
    this.#context = context;
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
      const place = await this.#enqueue();
      this.#queued.resolve();
      void this.#guardKey(place);
      if (await this.#reachHead(place)) return this.#term(place);
      // Our lease ran out or our key was deleted while we waited: queue again, at the end.
      await this.#giveBack(REQUEUE_WITHIN);
      this.#withdrawn.signal.throwIfAborted();
    }
  }

  /** Takes a place at the end of the queue. */
  async #enqueue(): Promise<Place> {
    const { name, identity, timing } = this.#candidacy;
    for (;;) {
      const lease = await Lease.grant(this.#context, timing, this.#withdrawn.signal);
      this.#lease = lease;
      const key = Buffer.from(`${name}/${lease.hex}`);
      const revision = await this.#put(key, identity, lease);
      if (revision === undefined) continue;
      this.#place = { key, revision, lease };
      return this.#place;
    }
  }

  /** @returns the key's create revision; undefined if the lease ran out meanwhile. */
  async #put(key: Buffer, identity: string, lease: Lease): Promise<string | undefined> {
    const request = {
      compare: [{ key, target: "Create" as const, result: "Equal" as const, create_revision: "0" }],
      success: [{ request_put: { key, value: Buffer.from(identity), lease: lease.id } }],
      // It stands already: an attempt of ours whose answer was lost has put it.
      failure: [{ request_range: { key } }],
    };
    try {
      const answer = await this.#context.client.persist(
        (raw, options) => raw.kv.txn(request, options),
        this.#withdrawn.signal,
      );
      return answer.succeeded ? answer.header.revision : answer.responses[0]?.response_range?.kvs[0]?.create_revision;
    } catch (error) {
      if (error instanceof Failure && error.code === "lease-gone") return undefined;
      throw error;
    }
  }

  /** Waits until nobody stands before us. @returns false if our place is gone. */
  async #reachHead(place: Place): Promise<boolean> {
    const { clock } = this.#context;
    const gone = new AbortController();
    void place.lease.lost.then(() => gone.abort());
    const signal = AbortSignal.any([this.#withdrawn.signal, gone.signal]);
    try {
      for (let known = ""; ;) {
        const { ahead, revision } = await this.#lookAhead(place, signal);
        if (ahead === undefined) break;
        if (this.#candidacy.once) throw await this.#heldByOther(signal);
        if (ahead.create_revision !== known) await this.#announce(ahead, signal);
        known = ahead.create_revision;
        const outcome = await watchKey(this.#context, ahead.key, revision, signal);
        if (outcome === "interrupted") await clock.sleep(jittered(WATCH_PAUSE), signal);
      }
      // Nobody is before us; now be sure that we are there ourselves, with time to start in (etcd-io/etcd#19597).
      place.lease.bind(place);
      do await place.lease.confirm(signal);
      while (place.lease.validUntil() - clock.now() < startReserve(place.lease.timing));
      return true;
    } catch (error) {
      if (gone.signal.aborted && !this.#withdrawn.signal.aborted) return false;
      throw error;
    }
  }

  /** The key just before ours, and the revision of the look. */
  async #lookAhead({ revision }: Place, signal: AbortSignal): Promise<{ ahead: Entry | undefined; revision: string }> {
    const answer = await this.#context.client.persist(
      (raw, options) =>
        raw.kv.range(
          {
            ...this.#prefix,
            max_create_revision: (BigInt(revision) - 1n).toString(),
            sort_order: "Descend",
            sort_target: "Create",
            limit: "1",
          },
          options,
        ),
      signal,
    );
    return { ahead: answer.kvs[0], revision: answer.header.revision };
  }

  async #leader(signal: AbortSignal): Promise<Entry | undefined> {
    const answer = await this.#context.client.persist(
      (raw, options) =>
        raw.kv.range({ ...this.#prefix, sort_order: "Ascend", sort_target: "Create", limit: "1" }, options),
      signal,
    );
    return answer.kvs[0];
  }

  get #prefix(): { key: Buffer; range_end: Buffer } {
    const { name } = this.#candidacy;
    // "0" is the character after "/": the range is every key that begins with `NAME/`.
    return { key: Buffer.from(`${name}/`), range_end: Buffer.from(`${name}0`) };
  }

  async #heldByOther(signal: AbortSignal): Promise<Failure> {
    const leader = await this.#leader(signal);
    const who = leader ? `${leader.value.toString()} (${leader.key.toString()})` : "somebody else";
    return new Failure("not-elected", `election ${this.#candidacy.name} is led by ${who}`, ExitStatus.notLeader);
  }

  async #announce(ahead: Entry, signal: AbortSignal): Promise<void> {
    const { name } = this.#candidacy;
    const { log } = this.#context;
    const leader = await this.#leader(signal);
    log("info", "standby", {
      election: name,
      key: this.#place?.key.toString(),
      leader: leader?.value.toString(),
      behind: ahead.key.toString(),
    });
    if (
      ahead.key
        .toString()
        .slice(name.length + 1)
        .includes("/")
    )
      log("warn", "blocked", {
        behind: ahead.key.toString(),
        error: "this key belongs to an election of a longer name",
      });
  }

  /** Notices within milliseconds that somebody deleted our key. */
  async #guardKey({ key, revision, lease }: Place): Promise<void> {
    const { client, clock } = this.#context;
    const over = new AbortController();
    void lease.lost.then(() => over.abort());
    const signal = AbortSignal.any([this.#withdrawn.signal, over.signal]);
    let seen = revision;
    while (!signal.aborted) {
      const outcome = await watchKey(this.#context, key, seen, signal);
      if (outcome === "interrupted") await clock.sleep(jittered(WATCH_PAUSE), signal);
      try {
        const answer = await client.request((raw, options) => raw.kv.range({ key }, options), signal);
        if (answer.kvs[0]?.create_revision !== revision) lease.lose("key-gone");
        seen = answer.header.revision;
      } catch {
        // The renewals meet the same trouble and decide what it means.
      }
    }
  }

  #term({ key, revision, lease }: Place): Term {
    const { name, identity } = this.#candidacy;
    this.#context.log("info", "elected", { election: name, identity, key: key.toString(), revision });
    return {
      key: key.toString(),
      revision,
      lease: lease.hex,
      validUntil: () => lease.validUntil(),
      termAt: () => termTime(lease.timing, lease.validUntil()),
      killAt: () => killTime(lease.timing, lease.validUntil()),
      lost: lease.lost,
    };
  }

  /** Deletes the key, so that the next one leads, then revokes the lease. @returns whether etcd acknowledged both. */
  async #giveBack(timeout: Milliseconds): Promise<boolean> {
    const { client, clock } = this.#context;
    const [lease, place] = [this.#lease, this.#place];
    this.#lease = this.#place = undefined;
    if (lease === undefined) return true;
    lease.release();
    const end = clock.now() + timeout;
    try {
      if (place) await client.request((raw, options) => raw.kv.txn(deletion(place), options), NEVER, timeout);
      await lease.revoke(end - clock.now());
      return true;
    } catch {
      return false; // it runs out by itself
    }
  }
}

/** Only our own key, not one that somebody put in its place. */
function deletion({ key, revision }: LeasedKey): Parameters<Raw["kv"]["txn"]>[0] {
  return {
    compare: [{ key, target: "Create", result: "Equal", create_revision: revision }],
    success: [{ request_delete_range: { key } }],
    failure: [],
  };
}
