import { once } from "node:events";
import { readFileSync, readdirSync, readlinkSync } from "node:fs";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import type { Owner } from "../helpers/at-exit.js";
import type { Member } from "../helpers/etcd-member.js";
import type { EtcdCluster } from "../helpers/etcd-server.js";

/** Two members' connection, made by the first one. */
interface Link {
  readonly ends: readonly [Member | undefined, Member];
  readonly sockets: readonly [Socket, Socket];
}

/**
 * The network between the members of a cluster, in which one can be cut off from the others while clients still reach it.
 * Whoever makes a connection is told by the owner of its socket, for which it takes Linux's /proc.
 */
export class PeerNet {
  readonly #cluster: EtcdCluster;
  readonly #links = new Set<Link>();
  #isolated: Member | undefined;

  /** Has the members of a cluster that was just started find each other through this network. */
  static async under(t: Owner, cluster: EtcdCluster): Promise<PeerNet> {
    const net = new PeerNet(cluster);
    for (const member of cluster.members) {
      const server = await net.#serve(member);
      t.teardown(() => server.close());
      const { port } = server.address() as AddressInfo;
      await cluster.etcdctl(
        "member",
        "update",
        await memberId(cluster, member),
        `--peer-urls=http://127.0.0.1:${port}`,
      );
    }
    t.teardown(() => net.#links.forEach(end));
    // Their old connections to each other went past it.
    await Promise.all(cluster.members.map((member) => member.kill()));
    await Promise.all(cluster.members.map((member) => member.restart()));
    return net;
  }

  private constructor(cluster: EtcdCluster) {
    this.#cluster = cluster;
  }

  /** Nothing comes from this member to the others, or from them to it, and nobody is told. */
  isolate(member: Member): void {
    this.#isolated = member;
    for (const link of this.#links) if (link.ends.includes(member)) silence(link);
  }

  /** Ends the isolation; what was silent meanwhile is reset. */
  heal(): void {
    const isolated = this.#isolated;
    this.#isolated = undefined;
    for (const link of this.#links) if (isolated && link.ends.includes(isolated)) end(link);
  }

  async #serve(to: Member): Promise<Server> {
    const server = createServer((client) => {
      const peer = connect(to.peerPort, "127.0.0.1");
      const link: Link = { ends: [this.#ownerOf(client), to], sockets: [client, peer] };
      this.#links.add(link);
      client.pipe(peer);
      peer.pipe(client);
      for (const socket of link.sockets) {
        socket.on("error", () => undefined); // its "close" follows
        socket.on("close", () => {
          this.#links.delete(link);
          end(link);
        });
      }
      if (this.#isolated && link.ends.includes(this.#isolated)) silence(link);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return server;
  }

  #ownerOf({ remotePort = 0, localPort = 0 }: Socket): Member | undefined {
    const address = (port: number): string => `0100007F:${port.toString(16).toUpperCase().padStart(4, "0")}`;
    const rows = readFileSync("/proc/net/tcp", "latin1").split("\n");
    const fields = rows.map((row) => row.trim().split(/\s+/));
    const row = fields.find(([, local, remote]) => local === address(remotePort) && remote === address(localPort));
    return this.#cluster.members.find(({ pid }) => holdsSocket(pid, row?.[9] ?? ""));
  }
}

/** The id of a member, as etcdctl takes it. */
export async function memberId(cluster: EtcdCluster, { name }: Member): Promise<string> {
  const { stdout } = await cluster.etcdctl("member", "list");
  const line = stdout.split("\n").find((one) => one.split(", ")[2] === name);
  return line?.split(", ")[0] ?? "";
}

function holdsSocket(pid: number, inode: string): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => linkOf(`/proc/${pid}/fd/${fd}`) === `socket:[${inode}]`);
  } catch {
    return false; // the member is dead
  }
}

function linkOf(file: string): string {
  try {
    return readlinkSync(file);
  } catch {
    return ""; // closed meanwhile
  }
}

function silence({ sockets }: Link): void {
  for (const socket of sockets) socket.unpipe().pause();
}

function end({ sockets }: Link): void {
  for (const socket of sockets) socket.destroy();
}
