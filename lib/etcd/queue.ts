import type { Ask } from "./client.js";
import type { Answer } from "./connection.js";
import type { LeaseContext } from "./context.js";
import { Failure } from "../failure.js";

/** A key in the queue. */
export interface Entry {
  readonly key: Buffer;
  readonly value: Buffer;
  readonly create_revision: string;
  /** Its lease's id in decimal, "0" for none. */
  readonly lease: string;
}

/** Every key of an election, in the order of the queue. */
export interface Whole {
  readonly entries: readonly Entry[];
  /** The revision of etcd at which that was so. */
  readonly revision: string;
}

/** What stood before a key at one revision of etcd. */
export interface Look {
  readonly ahead: Entry | undefined;
  readonly revision: string;
}

/** The same, and what else was seen then. */
export interface Standing extends Look {
  /** The create revision of the key itself. */
  readonly own: string;
  /** Whether it was there. */
  readonly present: boolean;
  readonly raftTerm: string;
}

/**
 * The queue of an election in etcd, as Go's `concurrency.Election` lays it out: keys `NAME/<lease id in hex>`, the lowest create
 * revision leads. Every request is one that may be sent twice.
 */
export class Queue {
  readonly #name: string;
  readonly #client: LeaseContext["client"];

  constructor(name: string, { client }: Pick<LeaseContext, "client">) {
    this.#name = name;
    this.#client = client;
  }

  /** The key of whoever holds the lease. @param lease id in hexadecimal. */
  keyOf(lease: string): Buffer {
    return Buffer.from(`${this.#name}/${lease}`);
  }

  /**
   * Puts a key at the end of the queue, for as long as it takes.
   *
   * @param lease id in decimal.
   * @returns where it stands; undefined if the lease ran out meanwhile.
   * @throws Failure if etcd refuses, or the signal is aborted.
   */
  async put(key: Buffer, identity: string, lease: string, signal: AbortSignal): Promise<Standing | undefined> {
    const request = {
      compare: [{ key, target: "Create" as const, result: "Equal" as const, create_revision: "0" }],
      success: [{ request_put: { key, value: Buffer.from(identity), lease } }, { request_range: this.#lastTwo() }],
      // It stands already: an attempt of ours whose answer was lost has put it.
      failure: [{ request_range: { key } }],
    };
    try {
      const answer = await this.#client.persist((raw, options) => raw.kv.txn(request, options), signal);
      if (answer.succeeded) return standing(answer.header.revision, answer.responses[1]?.response_range, answer);
      const revision = answer.responses[0]?.response_range.kvs[0]?.create_revision;
      return revision === undefined ? undefined : await this.standing(revision, signal);
    } catch (error) {
      if (error instanceof Failure && error.code === "lease-gone") return undefined;
      throw error;
    }
  }

  /** Where the key of that create revision stands. */
  async standing(revision: string, signal: AbortSignal): Promise<Standing> {
    const range = this.#lastTwo(revision);
    const answer = await this.#client.persist((raw, options) => raw.kv.range(range, options), signal);
    return standing(revision, answer, answer);
  }

  /** A key and the one just before it. */
  #lastTwo(revision?: string) {
    const last = { ...this.range, ...(revision && { max_create_revision: revision }), limit: "2" };
    return { ...last, sort_order: "Descend" as const, sort_target: "Create" as const };
  }

  /** Whoever leads now. */
  async leader(signal: AbortSignal): Promise<Entry | undefined> {
    return (await this.head(signal)).ahead;
  }

  /** The first key of all. */
  async head(signal: AbortSignal): Promise<Look> {
    const first = { ...this.range, limit: "1" };
    const answer = await this.#client.persist(
      (raw, options) => raw.kv.range({ ...first, sort_order: "Ascend", sort_target: "Create" }, options),
      signal,
    );
    return { ahead: answer.kvs[0], revision: answer.header.revision };
  }

  /**
   * All who stand in the queue, the leader first.
   *
   * @param at the revision of etcd to look at, in place of the newest.
   */
  async all(ask: Ask, at?: string): Promise<Whole> {
    const all = { ...this.range, sort_order: "Ascend" as const, sort_target: "Create" as const };
    const answer = await ask((raw, options) => raw.kv.range({ ...all, ...(at && { revision: at }) }, options));
    return { entries: answer.kvs, revision: at ?? answer.header.revision };
  }

  /** Whether a key belongs to an election whose name only begins with ours: it stands in the way for good. */
  isForeign(key: Buffer): boolean {
    return key
      .toString()
      .slice(this.#name.length + 1)
      .includes("/");
  }

  /** Every key that may be one of the election's. */
  get range(): { readonly key: Buffer; readonly range_end: Buffer } {
    // "0" is the character after "/": the range is every key that begins with `NAME/`.
    return { key: Buffer.from(`${this.#name}/`), range_end: Buffer.from(`${this.#name}0`) };
  }
}

/** @param found the key, if it is there, and the one before it. */
function standing(own: string, found: { readonly kvs: readonly Entry[] } | undefined, { header }: Answer): Standing {
  const [last, beforeLast] = found?.kvs ?? [];
  const present = last?.create_revision === own;
  const ahead = present ? beforeLast : last;
  return { own, present, ahead, revision: header.revision, raftTerm: header.raft_term };
}
