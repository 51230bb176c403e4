import type { EtcdClient } from "./client.js";

/**
 * How many elections share a connection. Each holds three streams open: keepalives, and two watches. HTTP/2 asks of every server to
 * allow a hundred (RFC 9113, 6.5.2), and requests need some of them. And one that hangs takes no more along than these.
 */
const MOST_SHARERS = 25;

/** What one of them has of a client. */
export interface Share {
  readonly client: EtcdClient;
  /** Whoever gives it back last closes it. */
  readonly giveBack: () => void;
}

/** Clients that elections share, as many as it takes. */
export class ClientPool {
  readonly #open: () => EtcdClient;
  readonly #sharers = new Map<EtcdClient, Set<Share>>();

  constructor(open: () => EtcdClient) {
    this.#open = open;
  }

  /** A share of a client that has room for one more. */
  take(): Share {
    const [client, sharers] = [...this.#sharers].find(([, { size }]) => size < MOST_SHARERS) ?? this.#add();
    const share = { client, giveBack: () => this.#leave(client, sharers, share) };
    sharers.add(share);
    return share;
  }

  #add(): [EtcdClient, Set<Share>] {
    const added: [EtcdClient, Set<Share>] = [this.#open(), new Set()];
    this.#sharers.set(...added);
    return added;
  }

  #leave(client: EtcdClient, sharers: Set<Share>, share: Share): void {
    if (!sharers.delete(share) || sharers.size > 0) return;
    this.#sharers.delete(client);
    client.close();
  }
}
