import type { CallOptions, Interceptor } from "@grpc/grpc-js";
import { InterceptingCall, logVerbosity, setLogVerbosity } from "@grpc/grpc-js";
import type { ILeaseKeepAliveResponse, IOptions } from "etcd3";
import { Etcd3 } from "etcd3";
import type { Clock } from "../clock.js";
import { within } from "../clock.js";
import type { Milliseconds } from "../duration.js";
import type { Endpoint } from "../endpoints.js";
import { asksForNewToken, authNotEnabled, failureOf, noAnswer } from "./errors.js";

// One log line a fact, and ours alone.
setLogVerbosity(logVerbosity.NONE);

/** What opens a connection. */
export interface Credentials {
  readonly tls?: { readonly ca?: Buffer; readonly cert?: Buffer; readonly key?: Buffer };
  readonly user?: { readonly name: string; readonly password: string };
}

/** etcd3's raw clients, and nothing else of it: its leases, elections, watches and policies are not to be relied on. */
export type Raw = Pick<Etcd3, "kv" | "leaseClient" | "watchClient" | "auth">;

/** Every answer of etcd begins with one. */
export interface Answer {
  readonly header: { readonly raft_term: string; readonly revision: string };
}

export type KeepAliveStream = Awaited<ReturnType<Raw["leaseClient"]["leaseKeepAlive"]>>;
export type WatchStream = Awaited<ReturnType<Raw["watchClient"]["watch"]>>;
export type KeepAliveAnswer = ILeaseKeepAliveResponse;

type Policy = NonNullable<NonNullable<IOptions["faultHandling"]>["global"]>;

/** Only its `execute` is ever called. Failover and retries are decided here, not by etcd3's circuit breakers. */
const NO_POLICY = { execute: async (call: (context: object) => unknown) => call({}) } as unknown as Policy;

/** grpc's own deadline only frees what a call holds; it goes by the wall clock, so ours comes first. */
const GRPC_SLACK: Milliseconds = 1_000;

let generations = 0;

/** Our end of one endpoint. Replaced from within after each failure; never throws anything but a `Failure`. */
export class Connection {
  readonly #credentials: Credentials;
  readonly #clock: Clock;
  #raw: Etcd3;
  #failed = new AbortController();
  #token: string | undefined;
  #raftTerm: string | undefined;
  #answered = false;

  constructor(
    readonly endpoint: Endpoint,
    credentials: Credentials,
    clock: Clock,
  ) {
    this.#credentials = credentials;
    this.#clock = clock;
    this.#raw = open(endpoint, credentials);
  }

  /** Aborted when the connection in use now has been given up: whatever hangs on it must start anew. */
  get failed(): AbortSignal {
    return this.#failed.signal;
  }

  /** Whether the connection in use now has ever answered. */
  get answered(): boolean {
    return this.#answered;
  }

  /** The raft term in this member's newest answer. */
  get raftTerm(): string | undefined {
    return this.#raftTerm;
  }

  /** Takes note of an answer that came over a stream. */
  heard({ header }: Answer): void {
    this.#answered = true;
    this.#raftTerm = header.raft_term;
  }

  /** Gives the connection up. grpc shares a silent connection even with a new client, unless an option differs. */
  fail(): void {
    this.#raw.close();
    this.#raw = open(this.endpoint, this.#credentials);
    this.#token = undefined;
    this.#answered = false;
    const failed = this.#failed;
    this.#failed = new AbortController();
    failed.abort();
  }

  close(): void {
    this.#raw.close();
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
    this.#token = undefined;
    try {
      return await this.#attempt(end, request);
    } catch (error) {
      throw failureOf(error, this.endpoint);
    }
  }

  /** Opens the stream of keepalives. */
  async keepAlives(): Promise<KeepAliveStream> {
    return this.#raw.leaseClient.leaseKeepAlive(await this.#streamOptions());
  }

  /** Opens a stream of watches. */
  async watches(): Promise<WatchStream> {
    return this.#raw.watchClient.watch(await this.#streamOptions());
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
    const answer = await this.#bounded(end, (options) => request(this.#raw, { ...options, interceptors }));
    this.heard(answer);
    return answer;
  }

  async #streamOptions(): Promise<CallOptions> {
    return { interceptors: this.#token === undefined ? [] : [presenting(this.#token)] };
  }

  async #authenticated(end: Milliseconds): Promise<Interceptor[]> {
    const { user } = this.#credentials;
    if (user === undefined) return [];
    this.#token ??= await this.#bounded(end, (options) => this.#raw.auth.authenticate({ ...user }, options)).then(
      ({ token }) => token,
      (error: unknown) => {
        // As etcdctl: a user is no harm where etcd asks for none.
        if (authNotEnabled(error)) return "";
        throw error;
      },
    );
    return this.#token === "" ? [] : [presenting(this.#token)];
  }

  async #bounded<T>(end: Milliseconds, call: (options: CallOptions) => Promise<T>): Promise<T> {
    const left = Math.max(end - this.#clock.now(), 0);
    const deadline = Date.now() + left + GRPC_SLACK;
    return within(this.#clock, left, call({ deadline }), () => noAnswer(this.endpoint));
  }
}

function open(endpoint: Endpoint, { tls }: Credentials): Etcd3 {
  return new Etcd3({
    hosts: endpoint,
    ...(tls && { credentials: tlsCredentials(tls) }),
    faultHandling: { global: NO_POLICY, host: () => NO_POLICY },
    grpcOptions: {
      "grpc.primary_user_agent": `while-leader/${generations++}`,
      "grpc.enable_retries": 0,
      // A lease must not hang on the http_proxy of some download; grpc-js would ask it even for 127.0.0.1.
      "grpc.enable_http_proxy": 0,
    },
  });
}

function tlsCredentials({ ca, cert, key }: NonNullable<Credentials["tls"]>): NonNullable<IOptions["credentials"]> {
  // etcd3 passes the three on to grpc's createSsl, which takes the system's CAs where there is none.
  return {
    ...(ca && { rootCertificate: ca }),
    ...(cert && { certChain: cert }),
    ...(key && { privateKey: key }),
  } as NonNullable<IOptions["credentials"]>;
}

function presenting(token: string): Interceptor {
  return (options, next) =>
    new InterceptingCall(next(options), {
      start(metadata, listener, start) {
        metadata.set("token", token);
        start(metadata, listener);
      },
    });
}
