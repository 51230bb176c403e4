import { randomInt } from "node:crypto";
import { createServer, type Server } from "node:net";

// Below the ports that kernels hand out by themselves (32768 on Linux, 49152 on macOS): a server that is killed and
// restarted must not find an outgoing connection, or somebody's port 0, in its place.
const FIRST = 10_000;
const LAST = 32_000;

const given = new Set<number>();

/**
 * That many ports on 127.0.0.1 on which nobody listens now; no port is given twice by one process. Another process may
 * still be faster, so whoever listens on one must be ready to ask again.
 */
export async function freePorts(count: number): Promise<number[]> {
  const held = new Map<number, Server>();
  while (held.size < count) {
    const port = randomInt(FIRST, LAST);
    if (given.has(port)) continue;
    const server = await listenOn(port);
    if (!server) continue;
    given.add(port);
    held.set(port, server);
  }
  await Promise.all([...held.values()].map((server) => new Promise((closed) => server.close(closed))));
  return [...held.keys()];
}

function listenOn(port: number): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(undefined));
    server.listen(port, "127.0.0.1", () => resolve(server));
  });
}
