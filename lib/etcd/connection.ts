import type { CallOptions, Interceptor } from "@grpc/grpc-js";
import { unlimited } from "../abort.js";
import type { Clock } from "../clock.js";
import { within } from "../clock.js";
import type { Milliseconds } from "../duration.js";
import type { Credentials, Endpoint } from "../endpoints.js";
import type { KeepAliveStream, Raw, WatchStream } from "./channel.js";
import { Channel } from "./channel.js";
import { asksForNewToken, authNotEnabled, failureOf, noAnswer } from "./errors.js";
import { endedBy, presenting } from "./interceptors.js";

/** Every answer of etcd begins with one. */
export interface Answer {
  readonly header: { readonly raft_term: string; readonly revision: string };
}

/** Our end of one endpoint. Whatever fails here is a `Failure`. */
export class Connection {
  readonly #credentials: Credentials;
  readonly #dialTimeout: Milliseconds;
  readonly #clock: Clock;
  #channel: Channel;
  /** When the channel was first asked for something. */
  #dialled: Milliseconds | undefined;
  /** When it last answered. */
  #heard: Milliseconds | undefined;
  #failed = newFailure();
  #token: string | undefined;
  #raftTerm: string | undefined;

  constructor(
    readonly endpoint: Endpoint,
    { dialTimeout, ...credentials }: Credentials & { readonly dialTimeout: Milliseconds },
    clock: Clock,
  ) {
    this.#credentials = credentials;
    this.#dialTimeout = dialTimeout;
    this.#clock = clock;
    this.#channel = new Channel(endpoint, credentials);
  }

  /** Aborted when the use that is made of the connection now has failed: whatever hangs on it must start anew. */
  get failed(): AbortSignal {
    return this.#failed.signal;
  }

  /** Whether it has ever answered since it was opened. */
  get answered(): boolean {
    return this.#heard !== undefined;
  }

  /** The raft term in this member's newest answer. */
  get raftTerm(): string | undefined {
    return this.#raftTerm;
  }

  /** Takes note of an answer that came over a stream. */
  heard({ header }: Answer): void {
    this.#heard = this.#clock.now();
    this.#raftTerm = header.raft_term;
  }

  /** Whether it has answered anything since then, or is being opened just now. */
  isSlow(since: Milliseconds): boolean {
    return this.#heard === undefined ? this.#clock.now() < this.#dialEnd : this.#heard >= since;
  }

  /**
   * Ends all that hangs on the connection. It is opened anew if it is silent; a slow one, or one that is being opened just now, is
   * kept: whoever begins again each time gets nowhere over a link that needs longer than the patience of one renewal.
   *
   * @param since when the answer was asked for that did not come, by `Clock.now()`.
   */
  fail(since: Milliseconds): void {
    if (!this.isSlow(since)) {
      this.#channel.close();
      this.#channel = new Channel(this.endpoint, this.#credentials);
      this.#dialled = this.#heard = undefined;
    }
    const failed = this.#failed;
    this.#failed = newFailure();
    failed.abort();
  }

  close(): void {
    this.#channel.close();
    this.#failed.abort();
  }

  /**
   * One request, with an answer within `timeout`.
   *
   * @throws Failure
   */
  async call<T extends Answer>(
    timeout: Milliseconds,
    request: (raw: Raw, options: CallOptions) => Promise<T>,
  ): Promise<T> {
    const end = this.#clock.now() + timeout;
    try {
      return await this.#attempt(end, request);
    } catch (error) {
      if (!asksForNewToken(error)) throw failureOf(error, this.endpoint);
    }
    this.forgetToken();
    try {
      return await this.#attempt(end, request);
    } catch (error) {
      throw failureOf(error, this.endpoint);
    }
  }

  /** Opens the stream of keepalives. */
  async keepAlives(): Promise<KeepAliveStream> {
    return this.#use((raw) => raw.leaseClient.leaseKeepAlive(this.#streamOptions()));
  }

  /** Opens a stream of watches. */
  async watches(): Promise<WatchStream> {
    return this.#use((raw) => raw.watchClient.watch(this.#streamOptions()));
  }

  /** The token is refreshed with the next request; streams cannot do that themselves. */
  forgetToken(): void {
    this.#token = undefined;
  }

  async #attempt<T extends Answer>(
    end: Milliseconds,
    request: (raw: Raw, options: CallOptions) => Promise<T>,
  ): Promise<T> {
    const interceptors = await this.#authenticated(end);
    const answer = await this.#bounded(end, request, interceptors);
    this.heard(answer);
    return answer;
  }

  async #authenticated(end: Milliseconds): Promise<Interceptor[]> {
    const { user } = this.#credentials;
    if (user === undefined) return [];
    this.#token ??= await this.#bounded(end, (raw, options) => raw.auth.authenticate({ ...user }, options)).then(
      ({ token }) => token,
      (error: unknown) => {
        // As etcdctl: a user is no harm where etcd asks for none.
        if (authNotEnabled(error)) return "";
        throw error;
      },
    );
    return this.#token === "" ? [] : [presenting(this.#token)];
  }

  #streamOptions(): CallOptions {
    return { interceptors: this.#token ? [presenting(this.#token)] : [] };
  }

  get #dialEnd(): Milliseconds {
    return (this.#dialled ?? Infinity) + this.#dialTimeout;
  }

  async #bounded<T>(
    end: Milliseconds,
    ask: (raw: Raw, options: CallOptions) => Promise<T>,
    interceptors: readonly Interceptor[] = [],
  ): Promise<T> {
    const left = Math.max(end - this.#clock.now(), 0);
    const { failed } = this;
    const late = new AbortController();
    // Not by grpc's deadline, which goes by the wall clock: a request would fail when that jumps ahead.
    const asked = this.#use((raw) => ask(raw, { interceptors: [endedBy(late.signal), ...interceptors] }));
    try {
      return await within(this.#clock, left, asked, () => noAnswer(this.endpoint));
    } catch (error) {
      late.abort();
      // Somebody else has closed the channel over this call; what grpc makes of that is no news of etcd.
      throw failed.aborted ? noAnswer(this.endpoint) : error;
    }
  }

  #use<T>(ask: (raw: Raw) => T): T {
    this.#dialled ??= this.#clock.now();
    return this.#channel.use(ask);
  }
}

/** Everything that hangs on a connection listens, and elections may share one. */
function newFailure(): AbortController {
  const failure = new AbortController();
  unlimited(failure.signal);
  return failure;
}
