import type { Milliseconds } from "./duration.js";

/** Somebody who stands in an election, as the key in etcd tells. */
export interface Candidate {
  readonly identity: string;
  readonly key: string;
  /** The key's create revision, decimal: whoever leads with it has it as fencing token. */
  readonly revision: string;
  /** Lower-case hexadecimal; undefined where the key hangs on none, and stays until somebody deletes it. */
  readonly lease: string | undefined;
}

/** Who leads, and for how long unless a renewal comes. */
export interface Leader extends Candidate {
  /** Unknown where the key hangs on no lease, or the lease has just ended. In whole seconds, as etcd tells it. */
  readonly left?: Milliseconds;
  readonly ttl?: Milliseconds;
}

/** An election as it is at one moment. */
export interface Roll {
  readonly election: string;
  /** Undefined when nobody leads. */
  readonly leader: Leader | undefined;
  /** Who waits, in order. */
  readonly queue: readonly Candidate[];
  /** A key of an election of a longer name: who comes after it waits for as long as it is there, also if nobody leads. */
  readonly blocked: string | undefined;
}

/** A key as etcd has it. */
interface Entry {
  readonly key: Buffer;
  readonly value: Buffer;
  readonly create_revision: string;
  readonly lease: string;
}

/**
 * What the keys of an election say.
 *
 * @param entries in the order of their create revisions.
 * @param isForeign whether a key is that of an election of a longer name.
 */
export function rollOf(election: string, entries: readonly Entry[], isForeign: (key: Buffer) => boolean): Roll {
  const blocked = entries.find(({ key }) => isForeign(key));
  const own = entries.filter(({ key }) => !isForeign(key)).map(candidate);
  const led = blocked === undefined || blocked !== entries[0];
  return {
    election,
    leader: led ? own[0] : undefined,
    queue: led ? own.slice(1) : own,
    blocked: blocked?.key.toString(),
  };
}

function candidate({ key, value, create_revision, lease }: Entry): Candidate {
  const id = BigInt(lease);
  return {
    identity: value.toString(),
    key: key.toString(),
    revision: create_revision,
    lease: id === 0n ? undefined : id.toString(16),
  };
}

/** Whether the same ones stand in the same order under the same names. */
export function sameRoll(one: Roll, other: Roll): boolean {
  return standing(one) === standing(other);
}

function standing({ leader, queue, blocked }: Roll): string {
  return JSON.stringify([leader && fieldsOf(leader), queue.map(fieldsOf), blocked]);
}

/** A roll as programs read it; every field is always there. */
export function rollFields({ election, leader, queue, blocked }: Roll, time: Date) {
  return {
    time: time.toISOString(),
    election,
    leader: leader ? { ...fieldsOf(leader), left: leader.left ?? null, ttl: leader.ttl ?? null } : null,
    queue: queue.map(fieldsOf),
    blocked: blocked ?? null,
  };
}

function fieldsOf({ identity, key, revision, lease }: Candidate) {
  return { identity, key, revision, lease: lease ?? null };
}
