import type { Clock } from "../clock.js";
import type { Milliseconds } from "../duration.js";
import type { EtcdClient } from "./client.js";

/**
 * Every watch is looked after by the renewals that share its connection. Should all of that fail, this is how long a change can
 * go unseen.
 */
const LOOK_AGAIN: Milliseconds = 30_000;

/**
 * Waits until a key may have changed after `revision`. Only a hint: whoever waits must read the key afterwards, and begin again.
 *
 * @returns `event` for a change, `interrupted` when the watch ended for any other reason, the abort of the signal included.
 */
export async function watchKey(
  { client, clock }: { readonly client: EtcdClient; readonly clock: Clock },
  key: Buffer,
  revision: string,
  signal: AbortSignal,
): Promise<"event" | "interrupted"> {
  const connection = client.current;
  const over = new AbortController();
  const end = AbortSignal.any([signal, connection.failed, over.signal]);
  let outcome: "event" | "interrupted" = "interrupted";
  try {
    const stream = await connection.watches();
    stream.on("data", ({ canceled, events, header }) => {
      if (end.aborted) return;
      connection.heard({ header });
      if (canceled) connection.forgetToken(); // a token that ran out is one of the reasons
      if (events.length > 0) outcome = "event";
      if (canceled || events.length > 0) over.abort();
    });
    stream.on("error", () => over.abort());
    stream.on("end", () => over.abort());
    stream.write({ create_request: { key, start_revision: (BigInt(revision) + 1n).toString() } });
    await clock.sleep(LOOK_AGAIN, end);
    stream.cancel();
  } catch {
    // A connection that was closed under our hands; the read that follows says what is wrong.
  }
  return outcome;
}
