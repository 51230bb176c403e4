import { abortedWith } from "../abort.js";
import type { Milliseconds } from "../duration.js";
import { jittered } from "./client.js";
import type { LeaseContext } from "./lease.js";

/**
 * Every watch is looked after by the renewals that share its connection. Should all of that fail, this is how long a change can
 * go unseen.
 */
const LOOK_AGAIN: Milliseconds = 30_000;
/** A watch that is refused again and again must not be asked for in a loop. */
const PAUSE: Milliseconds = 500;

/** What a watch saw: the key was deleted, or it may have changed. */
export type Change = "deleted" | "perhaps";

/** Waits for changes of one key. Unless it was deleted that is only a hint: whoever waits must read the key, and begin again. */
export class KeyWatch {
  readonly #context: Pick<LeaseContext, "client" | "clock">;
  readonly #key: Buffer;
  #pause: Milliseconds = 0;

  constructor(context: Pick<LeaseContext, "client" | "clock">, key: Buffer) {
    this.#context = context;
    this.#key = key;
  }

  /** Resolves when the key may have changed after `revision`, or the signal is aborted. Never rejects. */
  async changed(revision: string, signal: AbortSignal): Promise<Change> {
    const outcome = await this.#watch(revision, signal);
    if (outcome === "interrupted") await this.#context.clock.sleep(jittered(this.#pause), signal);
    this.#pause = outcome === "interrupted" ? PAUSE : 0;
    return outcome === "deleted" ? "deleted" : "perhaps";
  }

  async #watch(revision: string, signal: AbortSignal): Promise<"deleted" | "put" | "quiet" | "interrupted"> {
    const { client, clock } = this.#context;
    const connection = client.current;
    const over = abortedWith(signal, connection.failed);
    let outcome: "deleted" | "put" | "quiet" | "interrupted" = "interrupted";
    try {
      const stream = await connection.watches();
      stream.on("data", ({ canceled, events, header }) => {
        if (over.signal.aborted) return;
        connection.heard({ header });
        if (canceled) connection.forgetToken(); // a token that ran out is one of the reasons
        if (events.length > 0) outcome = events.some(({ type }) => type === "Delete") ? "deleted" : "put";
        if (canceled || events.length > 0) over.abort();
      });
      stream.on("error", () => over.abort());
      stream.on("end", () => over.abort());
      stream.write({ create_request: { key: this.#key, start_revision: (BigInt(revision) + 1n).toString() } });
      await clock.sleep(LOOK_AGAIN, over.signal);
      if (!over.signal.aborted) outcome = "quiet";
      stream.end(); // first: see KeepAlives.cancel
      stream.cancel();
    } catch {
      // A connection that was closed under our hands; the read that follows says what is wrong.
    } finally {
      over.abort();
    }
    return outcome;
  }
}
