import { DEFAULTS } from "../defaults.js";
import type { Milliseconds } from "../duration.js";
import { ExitStatus } from "../exit-status.js";
import { Failure } from "../failure.js";
import type { LeaseContext } from "./context.js";
import { Lease } from "./lease.js";
import type { Entry } from "./queue.js";
import { Queue } from "./queue.js";
import { stepDownKey } from "./step-down.js";
import { KeyWatch } from "./watch.js";

/** Renewed while somebody waits; what is left of a request whose sender was killed is gone after it. */
const REQUEST_TTL: Milliseconds = 5_000;
/** A request that could not be taken back within it runs out by itself. */
const REVOKE_WITHIN: Milliseconds = 1_000;

/**
 * Asks the holder of a key to step down, and waits until somebody else leads.
 *
 * @param leader the first key of the queue.
 * @param asker who asks: for the leader's log.
 * @returns the key that leads then.
 * @throws Failure if etcd refuses, or the signal is aborted.
 */
export async function handOver(
  election: string,
  leader: Entry,
  asker: string,
  context: LeaseContext,
  signal: AbortSignal,
): Promise<Entry> {
  const lease = await Lease.grant(context, { ttl: REQUEST_TTL, clockDrift: DEFAULTS.clockDrift }, signal);
  lease.bind("answer");
  try {
    const asked = await ask(election, leader, asker, lease, context, signal);
    return await successor(election, leader, asked, context, signal);
  } finally {
    await lease.revoke(REVOKE_WITHIN).catch(() => {});
  }
}

/** Puts the request, unless that leader is gone already. @returns etcd's revision then. */
async function ask(
  election: string,
  { key, create_revision }: Entry,
  asker: string,
  lease: Lease,
  { client }: LeaseContext,
  signal: AbortSignal,
): Promise<string> {
  const request = {
    compare: [{ key, target: "Create" as const, result: "Equal" as const, create_revision }],
    success: [
      { request_put: { key: stepDownKey(election, create_revision), value: Buffer.from(asker), lease: lease.id } },
    ],
    failure: [],
  };
  try {
    return (await client.persist((raw, options) => raw.kv.txn(request, options), signal)).header.revision;
  } catch (error) {
    if (!(error instanceof Failure && error.code === "refused" && error.message.includes("permission denied")))
      throw error;
    const prefix = stepDownKey(election, "").toString();
    const message = `permission denied: to ask for a hand-over the user needs read and write on ${prefix}`;
    throw new Failure("refused", message, ExitStatus.refused, { cause: error });
  }
}

/** Waits until another candidate leads than the one that was asked. */
async function successor(
  election: string,
  leader: Entry,
  asked: string,
  context: LeaseContext,
  signal: AbortSignal,
): Promise<Entry> {
  const queue = new Queue(election, context);
  const watch = new KeyWatch(context, queue.range.key, { end: queue.range.range_end });
  for (;;) {
    const { ahead: first, revision } = await queue.head(signal);
    if (first !== undefined && !isSame(first, leader, asked)) return first;
    await watch.changed(revision, signal);
  }
}

/** Whether it is the leader still, or again: it queues anew, perhaps under a name that others have too. */
function isSame(first: Entry, leader: Entry, asked: string): boolean {
  if (first.create_revision === leader.create_revision) return true;
  return BigInt(first.create_revision) > BigInt(asked) && first.value.equals(leader.value);
}
