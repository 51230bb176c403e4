import { AsyncLocalStorage } from "node:async_hooks";
import { subscribe } from "node:diagnostics_channel";
import type { Socket } from "node:net";

const opener = new AsyncLocalStorage<Sockets>();

subscribe("net.client.socket", (message) => opener.getStore()?.add((message as { socket: Socket }).socket));

/**
 * The sockets that a client opens. grpc-js closes a connection in peace, that is never while the other side is silent: each silent
 * connection that is given up would keep its descriptor.
 */
export class Sockets {
  readonly #open = new Set<Socket>();
  readonly #over = new AbortController();

  /** Calls `use`; what it opens, now or later, belongs here. */
  collect<T>(use: () => T): T {
    return opener.run(this, use);
  }

  add(socket: Socket): void {
    // It is announced before it connects, and connecting would bring it back to life.
    if (this.#over.signal.aborted) return void setImmediate(() => socket.destroy());
    this.#open.add(socket);
    socket.once("close", () => this.#open.delete(socket));
  }

  /** Ends all that are open, and all that are still to come. */
  destroy(): void {
    this.#over.abort();
    for (const socket of this.#open) socket.destroy();
  }
}
