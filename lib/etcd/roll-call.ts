import { NEVER } from "../abort.js";
import type { Milliseconds } from "../duration.js";
import { Failure } from "../failure.js";
import type { Roll } from "../roll.js";
import { rollOf, sameRoll } from "../roll.js";
import type { Ask } from "./client.js";
import type { LeaseContext } from "./context.js";
import { Queue } from "./queue.js";
import { KeyWatch } from "./watch.js";

/** No renewals look after the connection of one who only asks, and a silent one would not be noticed for longer. */
const LOOK_AGAIN: Milliseconds = 5_000;
/** A lease that ends takes its key along in the same moment: read once more, and one of the two is news. */
const READS = 3;

interface Seen {
  readonly roll: Roll;
  /** Of etcd, when that was so. */
  readonly revision: string;
}

/** Reads who stands in an election. Takes no lease, writes nothing: permission to read the election's keys is enough. */
export class RollCall {
  readonly #name: string;
  readonly #context: Pick<LeaseContext, "client" | "clock">;
  readonly #queue: Queue;

  constructor(name: string, context: Pick<LeaseContext, "client" | "clock">) {
    this.#name = name;
    this.#context = context;
    this.#queue = new Queue(name, context);
  }

  /**
   * One linearizable read, and one of the leader's lease.
   *
   * @param wait for so long an etcd that cannot be reached is asked again; once when not given.
   * @throws Failure
   */
  async once(wait: Milliseconds | undefined): Promise<Roll> {
    const { client } = this.#context;
    const ask = wait === undefined ? <Ask>((request) => client.request(request, NEVER)) : this.#patient(NEVER, wait);
    return (await this.#read(ask)).roll;
  }

  /**
   * What there is now, and then every change. Outlives etcd's restarts; changes that happened meanwhile come afterwards, unless
   * etcd has compacted them away: then what there is. Ends when the signal is aborted.
   *
   * @param wait for so long etcd may be out of reach at first; later it may be for ever.
   * @throws Failure of an answer that no repetition changes.
   */
  async *follow(signal: AbortSignal, wait: Milliseconds | undefined): AsyncGenerator<Roll, void> {
    const { key, range_end: end } = this.#queue.range;
    const watch = new KeyWatch(this.#context, key, { end, lookAgain: LOOK_AGAIN });
    try {
      let seen = await this.#read(this.#patient(signal, wait));
      yield seen.roll;
      for (;;) {
        for await (const now of this.#after(seen, watch, signal)) {
          const news = !sameRoll(now.roll, seen.roll);
          seen = now;
          if (news) yield now.roll;
        }
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  /** What is to be seen next: what each change has made, or what there is now where changes cannot be told. */
  async *#after({ roll, revision }: Seen, watch: KeyWatch, signal: AbortSignal): AsyncGenerator<Seen, void> {
    let changes = await watch.revisions(revision, signal);
    if (changes === undefined || changes.length === 0) {
      const now = await this.#read(this.#patient(signal));
      // What came while nobody watched etcd can still tell, unless it was compacted away.
      const missed = changes === undefined || !sameRoll(now.roll, roll);
      if (missed) changes = await watch.revisions(revision, signal);
      if (changes === undefined || changes.length === 0) yield now;
    }
    let reached = BigInt(revision);
    for (const at of changes ?? []) {
      if (BigInt(at) <= reached) continue;
      const then = await this.#readAt(at, signal);
      reached = BigInt(then.revision);
      yield then;
    }
  }

  /** What was at a revision, or is now if that is not to be had. */
  async #readAt(at: string, signal: AbortSignal): Promise<Seen> {
    const ask = this.#patient(signal);
    try {
      return await this.#read(ask, at);
    } catch (error) {
      const old = error instanceof Failure && (error.code === "compacted" || error.code === "rejected");
      if (!old) throw error;
      return this.#read(ask);
    }
  }

  async #read(ask: Ask, at?: string): Promise<Seen> {
    for (let reads = 1; ; reads++) {
      const { entries, revision } = await this.#queue.all(ask, at);
      const roll = rollOf(this.#name, entries, (key) => this.#queue.isForeign(key));
      const { leader } = roll;
      if (leader?.lease === undefined) return { roll, revision };
      const ID = entries.find(({ key }) => key.toString() === leader.key)?.lease ?? "0";
      const { TTL, grantedTTL } = await ask((raw, options) => raw.leaseClient.leaseTimeToLive({ ID }, options));
      // etcd's word for a lease that it does not know.
      const gone = TTL === "-1" && grantedTTL === "0";
      const left = Math.max(Number(TTL), 0) * 1_000;
      if (!gone) return { roll: { ...roll, leader: { ...leader, left, ttl: Number(grantedTTL) * 1_000 } }, revision };
      if (at !== undefined || reads === READS) return { roll, revision };
    }
  }

  /** Asks for as long as it takes, or for `wait` over all that is asked. */
  #patient(signal: AbortSignal, wait = Infinity): Ask {
    const { client, clock } = this.#context;
    const end = clock.now() + wait;
    return (request) => client.persist(request, signal, end - clock.now());
  }
}
