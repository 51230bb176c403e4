import { setImmediate as eventLoopTurn } from "node:timers/promises";
import { Failure } from "../failure.js";
import type { LeaseContext } from "./context.js";
import { KeyWatch } from "./watch.js";

/** Requests stand outside of the election's prefix: a key there would be a candidate's. */
const PREFIX = "while-leader/step-down";

/**
 * The key of a request to step down. It is addressed to one term: a later leader has another key.
 *
 * @param revision the create revision of the leader's key.
 */
export function stepDownKey(election: string, revision: string): Buffer {
  return Buffer.from(`${PREFIX}/${election}/${revision}`);
}

/** Where the leaders of one election hear that they are asked to step down. */
export class StepDownRequests {
  readonly #election: string;
  readonly #context: Pick<LeaseContext, "client" | "clock" | "log">;
  #deaf = false;

  constructor(election: string, context: Pick<LeaseContext, "client" | "clock" | "log">) {
    this.#election = election;
    this.#context = context;
  }

  /**
   * Resolves with who asks, once somebody asks the leader with that key to step down. Never rejects, and never resolves once the
   * signal is aborted or if etcd does not let us look.
   */
  async asked(revision: string, signal: AbortSignal): Promise<string> {
    const { client, log } = this.#context;
    const key = stepDownKey(this.#election, revision);
    const watch = new KeyWatch(this.#context, key);
    // The command is started first.
    await eventLoopTurn();
    for (let seen = revision; !signal.aborted;) {
      try {
        const { kvs, header } = await client.request((raw, options) => raw.kv.range({ key }, options), signal);
        if (kvs[0] !== undefined) return kvs[0].value.toString();
        seen = header.revision;
      } catch (error) {
        if (error instanceof Failure && error.code === "refused") {
          if (!this.#deaf) log("info", "no-step-down", { note: `no permission to read ${PREFIX}/${this.#election}/` });
          this.#deaf = true;
          break;
        }
        // The renewals meet the same trouble and decide what it means.
      }
      await watch.changed(seen, signal);
    }
    return new Promise(() => {});
  }
}
