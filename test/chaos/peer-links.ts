import { once } from "node:events";
import { readFileSync, readdirSync, readlinkSync } from "node:fs";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import type { Owner } from "../helpers/at-exit.js";
import type { Member } from "../helpers/etcd-member.js";
import type { PeerNetwork } from "../helpers/etcd-server.js";
import { startProxy, type TcpProxy } from "../helpers/tcp-proxy.js";

/**
 * The network between etcd's members: a proxy for each that calls and each that is called. All call the same address, for a member
 * has only one; who calls is told by the owner of the socket, for which it takes Linux's /proc.
 */
export class PeerLinks implements PeerNetwork {
  readonly #owner: Owner;
  /** By caller and called. */
  readonly #proxies = new Map<string, TcpProxy>();
  readonly #silent = new Set<string>();
  readonly #slow = new Map<string, number>();
  #members: readonly Member[] = [];

  constructor(owner: Owner) {
    this.#owner = owner;
  }

  async urls(peerPorts: readonly number[]): Promise<readonly string[]> {
    const every = [...peerPorts.keys()];
    return Promise.all(
      peerPorts.map(async (port, called) => {
        for (const caller of every) {
          if (caller === called) continue;
          this.#proxies.set(pair(caller, called), await startProxy(port, { t: this.#owner }));
        }
        const front = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true });
        front.on("connection", (socket) => this.#connect(socket, called));
        front.listen(0, "127.0.0.1");
        await once(front, "listening");
        this.#owner.teardown(() => close(front));
        return `http://127.0.0.1:${(front.address() as AddressInfo).port}`;
      }),
    );
  }

  serve(members: readonly Member[]): void {
    this.#members = members;
  }

  /** Whether nothing comes from the one to the other. */
  isSilent(from: number, to: number): boolean {
    return this.#silent.has(pair(from, to));
  }

  /** From now on nothing that the one sends comes to the other, and nobody is told; or again. */
  silence(from: number, to: number, silent: boolean): void {
    if (silent) this.#silent.add(pair(from, to));
    else this.#silent.delete(pair(from, to));
    this.#apply(from, to);
    this.#apply(to, from);
  }

  /** From now on all that passes between the two arrives so much later; 0 ends that. @returns false if it is slow already. */
  slow(one: number, other: number, ms: number): boolean {
    const ways = [pair(one, other), pair(other, one)];
    if (ms > 0 && ways.some((way) => this.#slow.has(way))) return false;
    for (const way of ways) {
      if (ms > 0) this.#slow.set(way, ms);
      else this.#slow.delete(way);
      this.#proxies.get(way)?.delay(ms);
    }
    return true;
  }

  #apply(caller: number, called: number): void {
    const proxy = this.#proxies.get(pair(caller, called));
    const [up, down] = [this.isSilent(caller, called), this.isSilent(called, caller)];
    // What only now may pass again has lost bytes if it sent any: TCP ends such a connection, and so does the proxy.
    if (!up || !down) proxy?.heal();
    proxy?.delay(this.#slow.get(pair(caller, called)) ?? 0);
    if (up) proxy?.swallow("up");
    if (down) proxy?.swallow("down");
  }

  #connect(socket: Socket, called: number): void {
    const inode = inodeOfPeer(socket);
    const caller = this.#members.findIndex((member) => holdsSocket(member, inode));
    const proxy = this.#proxies.get(pair(caller, called));
    // Gone already; or not a member's, which nobody else has a reason to be.
    if (!proxy) return void socket.resetAndDestroy();
    proxy.carry(socket);
    socket.resume();
  }
}

function pair(from: number, to: number): string {
  return `m${from}>m${to}`;
}

function close(server: Server): Promise<unknown> {
  return new Promise((resolve) => server.close(resolve));
}

/** The socket at the other end; empty when there is none any more. */
function inodeOfPeer({ remotePort = 0, localPort = 0 }: Socket): string {
  const address = (port: number): string => `0100007F:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const rows = readFileSync("/proc/net/tcp", "latin1").split("\n");
  const fields = rows.map((row) => row.trim().split(/\s+/));
  return fields.find(([, local, remote]) => local === address(remotePort) && remote === address(localPort))?.[9] ?? "";
}

function holdsSocket(member: Member, inode: string): boolean {
  try {
    const { pid } = member;
    return readdirSync(`/proc/${pid}/fd`).some((fd) => linkOf(`/proc/${pid}/fd/${fd}`) === `socket:[${inode}]`);
  } catch {
    return false; // the member is dead, or was not started yet
  }
}

function linkOf(file: string): string {
  try {
    return readlinkSync(file);
  } catch {
    return ""; // closed meanwhile
  }
}
