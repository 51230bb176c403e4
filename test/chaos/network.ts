import type { Owner } from "../helpers/at-exit.js";
import type { EtcdCluster } from "../helpers/etcd-server.js";
import { startProxy, type TcpProxy } from "../helpers/tcp-proxy.js";
import { monotonic } from "./clock.js";
import type { Moment } from "./history.js";

/** The way from one candidate to one member. */
export interface ClientLink {
  /** `a>m0`. */
  readonly name: string;
  readonly candidate: string;
  readonly member: string;
  readonly proxy: TcpProxy;
}

/** The links between candidates and etcd's members: one each, which fail on their own. */
export class ClientLinks {
  readonly all: readonly ClientLink[];
  /** When each candidate's links carried something towards etcd. */
  readonly sent: Record<string, Moment[]>;
  readonly #busy = new Set<ClientLink>();

  static async between(t: Owner, cluster: EtcdCluster, candidates: readonly string[]): Promise<ClientLinks> {
    const sent = Object.fromEntries(candidates.map((candidate) => [candidate, [] as Moment[]]));
    const links = candidates.flatMap((candidate) =>
      cluster.members.map(async ({ name, clientPort }) => {
        const heard = (): void => void sent[candidate]?.push(monotonic());
        const proxy = await startProxy(clientPort, { t, heard });
        return { name: `${candidate}>${name}`, candidate, member: name, proxy };
      }),
    );
    return new ClientLinks(await Promise.all(links), sent);
  }

  private constructor(all: readonly ClientLink[], sent: Record<string, Moment[]>) {
    this.all = all;
    this.sent = sent;
  }

  /** Where a candidate finds etcd. */
  endpoints(candidate: string): string {
    return this.all
      .filter((link) => link.candidate === candidate)
      .map(({ proxy }) => proxy.url)
      .join(",");
  }

  /** Of these links, those that no other fault holds now; until `release` they are the caller's. */
  take(links: readonly ClientLink[]): ClientLink[] {
    const free = links.filter((link) => !this.#busy.has(link));
    for (const link of free) this.#busy.add(link);
    return free;
  }

  release(links: readonly ClientLink[]): void {
    for (const link of links) {
      link.proxy.heal();
      this.#busy.delete(link);
    }
  }
}
