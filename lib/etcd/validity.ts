import type { Milliseconds } from "../duration.js";
import type { Timing } from "../timing.js";
import { validityOf } from "../timing.js";

/** A renewal that etcd has acknowledged; it counts once it is proven. */
export interface Renewal {
  /** `Clock.now()` just before it was asked for. */
  readonly sent: Milliseconds;
  readonly ttl: Milliseconds;
  /** The raft term in which it was decided on, and no other. */
  readonly raftTerm: string;
}

/** Until when a lease cannot have run out. All times by one `Clock.now()`. */
export class Validity {
  readonly #timing: Timing;
  #until: Milliseconds = -Infinity;

  constructor(timing: Timing) {
    this.#timing = timing;
  }

  /** In the past before a renewal counted. */
  get until(): Milliseconds {
    return this.#until;
  }

  /** When the lease is lost for want of a renewal that counts: not before there was one. */
  get expiry(): Milliseconds {
    return this.#until === -Infinity ? Infinity : this.#until;
  }

  /** Until when a renewal makes it good, once it counts. */
  reachOf({ sent, ttl }: Renewal): Milliseconds {
    return validityOf({ ...this.#timing, ttl }, sent);
  }

  /** Counts a renewal. */
  count(renewal: Renewal): void {
    this.#until = this.reachOf(renewal);
  }

  /** Counts none that there was before. */
  reset(): void {
    this.#until = -Infinity;
  }

  /** From then on it is over in any case. */
  end(at: Milliseconds): void {
    this.#until = Math.min(this.#until, at);
  }
}
