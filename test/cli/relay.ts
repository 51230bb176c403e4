import { connect, createServer, type AddressInfo, type Server } from "node:net";
import type { Owner } from "../helpers/at-exit.js";

/** A server that passes every connection on to a port of 127.0.0.1. */
export function relayTo(target: number): Server {
  return createServer((socket) => {
    const up = connect(target, "127.0.0.1");
    socket.on("error", () => up.destroy());
    up.on("error", () => socket.destroy());
    socket.pipe(up).pipe(socket);
  });
}

/** Has a server listen until the test ends, by default on a port that is free. Resolves with `host:port`. */
export async function listen(t: Owner, server: Server, host = "127.0.0.1", port = 0): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
  t.teardown(() => server.close());
  const name = host.includes(":") ? `[${host}]` : host;
  return `${name}:${(server.address() as AddressInfo).port}`;
}
