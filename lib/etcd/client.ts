import type { CallOptions } from "@grpc/grpc-js";
import { unlessAborted } from "../abort.js";
import type { Clock } from "../clock.js";
import type { Milliseconds } from "../duration.js";
import type { Credentials, Endpoint } from "../endpoints.js";
import { Failure } from "../failure.js";
import type { Log } from "../log.js";
import type { Raw } from "./channel.js";
import type { Answer } from "./connection.js";
import { Connection } from "./connection.js";
import { failureOf, passing } from "./errors.js";

/** Where etcd is, and who we are there. */
export interface EtcdOptions extends Credentials {
  readonly endpoints: readonly Endpoint[];
  /** For one connection attempt. */
  readonly dialTimeout: Milliseconds;
  /** For one request, over all endpoints. */
  readonly commandTimeout: Milliseconds;
}

type Request<T> = (raw: Raw, options: CallOptions) => Promise<T>;

/** Asks something of etcd, with whatever patience. */
export type Ask = <T extends Answer>(request: Request<T>) => Promise<T>;

const FIRST_BACKOFF: Milliseconds = 100;
/** Long enough to spare an etcd that struggles, short enough that nobody waits long for one that came back. */
const LONGEST_BACKOFF: Milliseconds = 2_000;

/** etcd behind several endpoints: requests go to the current one until it fails, then to the next. */
export class EtcdClient {
  readonly #connections: readonly Connection[];
  readonly #options: EtcdOptions;
  readonly #clock: Clock;
  readonly #log: Log;
  #current: number;
  /** What stands in the way of a request now; undefined while all is well. */
  #trouble: string | undefined = "not tried yet";

  constructor(options: EtcdOptions, { clock, log }: { readonly clock: Clock; readonly log: Log }) {
    this.#options = options;
    this.#clock = clock;
    this.#log = log;
    this.#connections = options.endpoints.map((endpoint) => new Connection(endpoint, options, clock));
    // Candidates with one list spread over its servers.
    this.#current = Math.floor(Math.random() * this.#connections.length);
  }

  /** How many endpoints there are. */
  get size(): number {
    return this.#connections.length;
  }

  /** The connection that is used now. */
  get current(): Connection {
    return this.#connections[this.#current] as Connection;
  }

  /**
   * Gives a connection up and goes on to the next endpoint.
   *
   * @param failed as it was when the connection was put to use: whoever comes too late must not give up its successor.
   * @param since when that was, by `Clock.now()`.
   */
  rotate(from: Connection, failed: AbortSignal, since: Milliseconds): void {
    // With nowhere else to go, what hangs on a connection that answers others stays there: it may be a whole crowd's.
    if (failed.aborted || (this.size === 1 && from.isSlow(since))) return;
    from.fail(since);
    if (from === this.current) this.#current = (this.#current + 1) % this.size;
  }

  /**
   * One request, tried on each endpoint in turn, with an answer within `timeout`. Send only what may be sent twice.
   *
   * @throws Failure of the answer, or of all attempts in one line; `unreachable` when the signal is aborted.
   */
  async request<T extends Answer>(
    request: Request<T>,
    signal: AbortSignal,
    timeout = this.#options.commandTimeout,
  ): Promise<T> {
    const end = this.#clock.now() + timeout;
    const failures: Failure[] = [];
    for (let left = this.size; left > 0; left--) {
      const connection = this.current;
      const { failed } = connection;
      const since = this.#clock.now();
      const share = (end - since) / left;
      const limit = connection.answered ? share : Math.min(share, this.#options.dialTimeout);
      if (signal.aborted) throw abandoned();
      try {
        return await unlessAborted(connection.call(limit, request), signal);
      } catch (error) {
        if (signal.aborted) throw abandoned();
        const failure = failureOf(error, connection.endpoint);
        if (!(passing(failure) || failure.code === "untrusted")) throw failure;
        failures.push(failure);
        this.rotate(connection, failed, since);
      }
    }
    throw allFailed(failures);
  }

  /**
   * One request, tried for as long as it takes, with back-off and jitter; a line of log for each change.
   *
   * @param timeout when to give up all the same.
   * @throws Failure of an answer that no repetition changes, or of the last attempt; `unreachable` when the signal is aborted.
   */
  async persist<T extends Answer>(request: Request<T>, signal: AbortSignal, timeout = Infinity): Promise<T> {
    const end = this.#clock.now() + timeout;
    const left = (): Milliseconds => end - this.#clock.now();
    for (let backoff = FIRST_BACKOFF; ; backoff = Math.min(backoff * 2, LONGEST_BACKOFF)) {
      try {
        const answer = await this.request(request, signal, Math.min(this.#options.commandTimeout, left()));
        this.#note(undefined);
        return answer;
      } catch (error) {
        const failure = failureOf(error, this.current.endpoint);
        if (signal.aborted || !passing(failure) || left() <= 0) throw failure;
        this.#note(failure.message);
      }
      await this.#clock.sleep(Math.min(jittered(backoff), left()), signal);
    }
  }

  close(): void {
    for (const connection of this.#connections) connection.close();
  }

  #note(trouble: string | undefined): void {
    if (trouble === this.#trouble) return;
    this.#trouble = trouble;
    if (trouble === undefined) this.#log("info", "connected", { endpoint: this.current.endpoint });
    else this.#log("warn", "unreachable", { error: trouble });
  }
}

/** A random time from half of `duration` up to it: who failed together does not come back together. */
function jittered(duration: Milliseconds): Milliseconds {
  return duration * (0.5 + Math.random() / 2);
}

function abandoned(): Failure {
  return new Failure("unreachable", "the request was given up");
}

/** One failure for all; that of trust only if no endpoint leaves hope. */
function allFailed(failures: readonly Failure[]): Failure {
  const worst = failures.find(passing) ?? failures[0] ?? abandoned();
  const message = [...new Set(failures.map((failure) => failure.message))].join("; ");
  return new Failure(worst.code, message || worst.message, worst.status, { cause: worst.cause });
}
