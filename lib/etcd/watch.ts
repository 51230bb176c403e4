import { abortedWith } from "../abort.js";
import type { Milliseconds } from "../duration.js";
import type { LeaseContext } from "./context.js";

/**
 * Every watch is looked after by the renewals that share its connection. Should all of that fail, this is how long a change can
 * go unseen.
 */
const LOOK_AGAIN: Milliseconds = 30_000;
/** A watch that is refused again and again must not be asked for in a loop, nor all of a server's again in one moment. */
const PAUSE: Milliseconds = 500;

/** What a watch saw: the key was deleted, or it may have changed. */
export type Change = "deleted" | "perhaps";

/** What is watched, if not one key alone. */
export interface WatchOptions {
  /** Every key from the first one up to this, which is no longer one of them. */
  readonly end?: Buffer;
  /** Half a minute when not given. */
  readonly lookAgain?: Milliseconds;
}

interface Seen {
  readonly what: "deleted" | "put" | "quiet" | "interrupted";
  /** etcd's revisions at which something changed, in order. */
  readonly revisions: readonly string[];
}

/** Waits for changes of one key. Unless it was deleted that is only a hint: whoever waits must read the key, and begin again. */
export class KeyWatch {
  readonly #context: Pick<LeaseContext, "client" | "clock">;
  readonly #key: Buffer;
  readonly #options: WatchOptions;

  constructor(context: Pick<LeaseContext, "client" | "clock">, key: Buffer, options: WatchOptions = {}) {
    this.#context = context;
    this.#key = key;
    this.#options = options;
  }

  /** Resolves when the key may have changed after `revision`, or the signal is aborted. Never rejects. */
  async changed(revision: string, signal: AbortSignal): Promise<Change> {
    const { what } = await this.#watch(revision, signal);
    return what === "deleted" ? "deleted" : "perhaps";
  }

  /**
   * The same, telling at which revisions of etcd something changed: none if nothing has for a while, undefined if the watch was
   * interrupted. Never rejects.
   */
  async revisions(revision: string, signal: AbortSignal): Promise<readonly string[] | undefined> {
    const { what, revisions } = await this.#watch(revision, signal);
    return what === "interrupted" ? undefined : revisions;
  }

  async #watch(revision: string, signal: AbortSignal): Promise<Seen> {
    const seen = await this.#watchOnce(revision, signal);
    if (seen.what === "interrupted") await this.#context.clock.sleep(PAUSE * Math.random(), signal);
    return seen;
  }

  async #watchOnce(revision: string, signal: AbortSignal): Promise<Seen> {
    const { client, clock } = this.#context;
    const { end, lookAgain = LOOK_AGAIN } = this.#options;
    const range = { key: this.#key, ...(end && { range_end: end }) };
    const connection = client.current;
    const over = abortedWith(signal, connection.failed);
    let seen: Seen = { what: "interrupted", revisions: [] };
    try {
      const stream = await connection.watches();
      stream.on("data", ({ canceled, events, header }) => {
        if (over.signal.aborted) return;
        connection.heard({ header });
        if (canceled) connection.forgetToken(); // a token that ran out is one of the reasons
        if (events.length > 0) seen = seenIn(events);
        if (canceled || events.length > 0) over.abort();
      });
      stream.on("error", () => over.abort());
      stream.on("end", () => over.abort());
      stream.write({ create_request: { ...range, start_revision: (BigInt(revision) + 1n).toString() } });
      await clock.sleep(lookAgain, over.signal);
      if (!over.signal.aborted) seen = { what: "quiet", revisions: [] };
      stream.end(); // first: see KeepAlives.cancel
      stream.cancel();
    } catch {
      // A connection that was closed under our hands; the read that follows says what is wrong.
    } finally {
      over.abort();
    }
    return seen;
  }
}

function seenIn(events: readonly { readonly type: string; readonly kv: { readonly mod_revision: string } }[]): Seen {
  return {
    what: events.some(({ type }) => type === "Delete") ? "deleted" : "put",
    revisions: [...new Set(events.map(({ kv }) => kv.mod_revision))],
  };
}
