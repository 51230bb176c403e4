import type { ILeaseKeepAliveResponse, IOptions } from "etcd3";
import type { Credentials, Endpoint } from "../endpoints.js";
import { Etcd3, logVerbosity, setLogVerbosity } from "../vendor/etcd3.js";
import { Sockets } from "./sockets.js";

// One log line a fact, and ours alone.
setLogVerbosity(logVerbosity.NONE);

/**
 * Of etcd3's raw clients what build/etcd-protocol.js makes the code for, and nothing else of it: its leases, elections, watches and
 * policies are not to be relied on.
 */
export interface Raw {
  readonly kv: Pick<Etcd3["kv"], "range" | "txn">;
  readonly leaseClient: Pick<Etcd3["leaseClient"], "leaseGrant" | "leaseRevoke" | "leaseKeepAlive" | "leaseTimeToLive">;
  readonly watchClient: Pick<Etcd3["watchClient"], "watch">;
  readonly auth: Pick<Etcd3["auth"], "authenticate">;
}

export type KeepAliveStream = Awaited<ReturnType<Raw["leaseClient"]["leaseKeepAlive"]>>;
export type WatchStream = Awaited<ReturnType<Raw["watchClient"]["watch"]>>;
export type KeepAliveAnswer = ILeaseKeepAliveResponse;

type Policy = NonNullable<NonNullable<IOptions["faultHandling"]>["global"]>;

/** Only its `execute` is ever called. Failover and retries are decided here, not by etcd3's circuit breakers. */
const NO_POLICY = { execute: async (call: (context: object) => unknown) => call({}) } as unknown as Policy;

let channels = 0;

/** A client of one endpoint with sockets of its own. */
export class Channel {
  readonly #etcd: Etcd3;
  readonly #sockets = new Sockets();

  constructor(endpoint: Endpoint, { tls }: Credentials) {
    this.#etcd = new Etcd3({
      hosts: endpoint,
      ...(tls && { credentials: tlsCredentials(tls) }),
      faultHandling: { global: NO_POLICY, host: () => NO_POLICY },
      grpcOptions: {
        // grpc shares a connection, also a silent one, between all clients with the same options.
        "grpc.primary_user_agent": `while-leader/${channels++}`,
        "grpc.enable_retries": 0,
        // A lease must not hang on the http_proxy of some download; grpc-js would ask it even for 127.0.0.1.
        "grpc.enable_http_proxy": 0,
      },
    });
  }

  /** Asks something of etcd; the first time this connects. */
  use<T>(ask: (raw: Raw) => T): T {
    return this.#sockets.collect(() => ask(this.#etcd));
  }

  /** Ends every request, answered or not. */
  close(): void {
    this.#sockets.destroy();
    // etcd3 waits for a channel that is connecting before it closes it, and so has it connect once more.
    this.#sockets.collect(() => this.#etcd.close());
  }
}

function tlsCredentials({ ca, cert, key }: NonNullable<Credentials["tls"]>): NonNullable<IOptions["credentials"]> {
  // etcd3 passes the three on to grpc's createSsl, which takes Node's own CAs where there is none.
  return {
    ...(ca && { rootCertificate: ca }),
    ...(cert && { certChain: cert }),
    ...(key && { privateKey: key }),
  } as NonNullable<IOptions["credentials"]>;
}
