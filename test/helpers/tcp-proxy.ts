import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import type { Owner } from "./at-exit.js";
import { endAtOnce } from "./end-at-once.js";

endAtOnce();

/** "up" is towards the server, "down" towards the client. */
export type Direction = "up" | "down" | "both";

export interface ProxyOptions {
  /** Closes the proxy with this test. */
  t?: Owner;
  /** Of `url`; "http" when not given. */
  scheme?: "http" | "https";
  /** Told whenever a client has sent something, before it is passed on. */
  heard?: () => void;
}

/** Starts a TCP proxy on a free port of 127.0.0.1 to a port of the same host. It passes everything until told otherwise. */
export async function startProxy(targetPort: number, options: ProxyOptions = {}): Promise<TcpProxy> {
  const server = createServer({ allowHalfOpen: true, noDelay: true });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const proxy = new TcpProxy(server, targetPort, options.scheme ?? "http", options.heard);
  options.t?.teardown(() => proxy.close());
  return proxy;
}

type Mode = "pass" | "hold" | "swallow";

/** What one direction does now; shared by all connections. */
interface Rule {
  mode: Mode;
  delayMs: number;
}

/** A network between a client and a server that fails on command. Whatever it is told takes effect at once. */
export class TcpProxy {
  readonly port: number;
  readonly url: string;
  readonly #server: Server;
  readonly #targetPort: number;
  readonly #heard: ProxyOptions["heard"];
  readonly #links = new Set<Link>();
  readonly #up: Rule = { mode: "pass", delayMs: 0 };
  readonly #down: Rule = { mode: "pass", delayMs: 0 };
  #isCut = false;

  constructor(server: Server, targetPort: number, scheme: string, heard?: ProxyOptions["heard"]) {
    this.#server = server;
    this.#targetPort = targetPort;
    this.#heard = heard;
    this.port = (server.address() as AddressInfo).port;
    this.url = `${scheme}://127.0.0.1:${this.port}`;
    server.on("connection", (client: Socket) => this.carry(client));
  }

  /** How many client connections are open. */
  get connections(): number {
    return this.#links.size;
  }

  /** Carries a connection to the server, such as one that somebody else has accepted (half open allowed, not yet read). */
  carry(client: Socket): void {
    if (this.#isCut) {
      client.resetAndDestroy();
      return;
    }
    const port = this.#targetPort;
    const link = new Link(client, connect({ port, host: "127.0.0.1", allowHalfOpen: true, noDelay: true }));
    client.on("data", () => this.#heard?.());
    this.#links.add(link.open(this.#up, this.#down, () => this.#links.delete(link)));
  }

  /** Resets every connection, and every new one as soon as it is made, until `heal`. */
  cut(): void {
    this.#isCut = true;
    for (const link of this.#links) link.reset();
  }

  /** A partition that TCP survives: bytes and ends of that direction wait here until `heal` delivers them in order. */
  hold(direction: Direction = "both"): void {
    this.#set(direction, "hold");
  }

  /**
   * Loses the bytes of that direction and says so to nobody: connections stay open, new ones are accepted. `heal` resets
   * those that lost something, for their bytes can never come.
   */
  swallow(direction: Direction = "both"): void {
    this.#set(direction, "swallow");
  }

  /** Everything of both directions arrives this much later, in order. */
  delay(ms: number): void {
    this.#up.delayMs = ms;
    this.#down.delayMs = ms;
    for (const link of this.#links) link.ruleChanged();
  }

  /** Ends whatever `cut`, `hold`, `swallow` and `delay` began. */
  heal(): void {
    this.#isCut = false;
    this.delay(0);
    this.#set("both", "pass");
  }

  /** Resets every connection, stops listening, and resolves when the port is free. */
  async close(): Promise<void> {
    this.cut();
    if (this.#server.listening) await new Promise((resolve) => this.#server.close(resolve));
  }

  #set(direction: Direction, mode: Mode): void {
    if (direction !== "down") this.#up.mode = mode;
    if (direction !== "up") this.#down.mode = mode;
    for (const link of this.#links) link.ruleChanged();
  }
}

/** One connection: a socket to the client, one to the server, and a pipe each way. */
class Link {
  readonly #client: Socket;
  readonly #server: Socket;
  #pipes: Pipe[] = [];

  constructor(client: Socket, server: Socket) {
    this.#client = client;
    this.#server = server;
  }

  /** Begins to carry bytes; calls `closed` once, when neither socket is left. */
  open(up: Rule, down: Rule, closed: () => void): this {
    this.#pipes = [new Pipe(this.#client, this.#server, up), new Pipe(this.#server, this.#client, down)];
    for (const socket of [this.#client, this.#server]) {
      socket.on("error", () => undefined); // its "close" follows
      socket.on("close", () => {
        if (this.#client.destroyed && this.#server.destroyed) closed();
      });
    }
    return this;
  }

  ruleChanged(): void {
    if (this.#pipes.some((pipe) => pipe.isBroken)) return this.reset();
    for (const pipe of this.#pipes) pipe.flush();
  }

  reset(): void {
    for (const pipe of this.#pipes) pipe.drop();
    for (const socket of [this.#client, this.#server]) socket.resetAndDestroy();
  }
}

/** What has been read and not yet been written: bytes, then how the sender ended. */
interface Piece {
  content: Buffer | "end" | "reset";
  dueAt: number;
}

/** One direction of one connection. */
class Pipe {
  readonly #to: Socket;
  readonly #rule: Rule;
  #queue: Piece[] = [];
  #timer: NodeJS.Timeout | undefined;
  #lossy = false;

  constructor(from: Socket, to: Socket, rule: Rule) {
    this.#to = to;
    this.#rule = rule;
    from.on("data", (bytes: Buffer) => this.#take(bytes));
    from.on("end", () => this.#take("end"));
    // A FIN from both sides closes without an error, and was passed on as two "end"s.
    from.on("close", (hadError) => hadError && this.#take("reset"));
  }

  /** The network is whole again, but this pipe has lost something. */
  get isBroken(): boolean {
    return this.#lossy && this.#rule.mode === "pass";
  }

  /** Writes what is due, and comes back for what is not. */
  flush(): void {
    clearTimeout(this.#timer);
    if (this.#rule.mode === "swallow" && this.#queue.length > 0) this.#lose();
    if (this.#rule.mode !== "pass") return;
    for (let next = this.#queue[0]; next; next = this.#queue[0]) {
      // A delay that has ended counts no more for what waits because of it.
      const wait = this.#rule.delayMs === 0 ? 0 : next.dueAt - performance.now();
      if (wait > 0) {
        this.#timer = setTimeout(() => this.flush(), wait);
        return;
      }
      this.#queue.shift();
      this.#write(next.content);
    }
  }

  drop(): void {
    clearTimeout(this.#timer);
    this.#queue = [];
  }

  #take(content: Piece["content"]): void {
    this.#queue.push({ content, dueAt: performance.now() + this.#rule.delayMs });
    this.flush();
  }

  #lose(): void {
    this.#lossy = true;
    this.#queue = [];
  }

  #write(content: Piece["content"]): void {
    if (this.#to.destroyed) return;
    if (content === "reset") this.#to.resetAndDestroy();
    else if (content === "end") this.#to.end();
    else this.#to.write(content);
  }
}
