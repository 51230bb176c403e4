import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Address } from "../address.js";
import { shownAddress } from "../address.js";
import { within } from "../clock.js";
import type { Clock } from "../clock.js";
import type { Milliseconds } from "../duration.js";
import { Failure, messageOf } from "../failure.js";

/** What is answered to a question. */
export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/** An answer of one line. */
export function plain(status: number, line: string): Answer {
  return { status, type: "text/plain; charset=utf-8", body: `${line}\n` };
}

/** A server that runs. */
export interface Server {
  /** Where it listens, with the port that it got. */
  readonly address: Address;
  /** Ends it, and every connection. */
  close(): void;
}

/** A scraper, two probes and somebody with a browser are four. The next one's place is that of the oldest. */
const MOST_CONNECTIONS = 64;
/** Whoever asks does so in one packet, and the answer fits into the kernel's buffer. */
const PATIENCE: Milliseconds = 3_000;
/** How often Node looks for requests that take longer; of itself only every 30 s. */
const LOOK_EVERY: Milliseconds = 1_000;
/** kubelet and Prometheus send less than half a kilobyte. */
const LONGEST_HEADER = 8_192;
/** So many wait in the kernel until they are accepted, one in each turn of the event loop; beyond that a probe would come late. */
const BACKLOG = 1_024;
/** A host's name that cannot be looked up must not keep the command from its start for long. */
const LISTEN_WITHIN: Milliseconds = 2_000;

/**
 * Listens for questions by GET or HEAD, whose answers must be small and at once. It does not keep the process alive, keeps no
 * connection after its first answer, and reads no bodies.
 *
 * @param answer to a path; undefined where there is nothing.
 * @throws Failure (status 69) if the address cannot be had.
 */
export async function openServer(
  address: Address,
  answer: (path: string) => Promise<Answer | undefined>,
  clock: Clock,
): Promise<Server> {
  const server = createServer(
    {
      maxHeaderSize: LONGEST_HEADER,
      headersTimeout: PATIENCE,
      requestTimeout: PATIENCE,
      connectionsCheckingInterval: LOOK_EVERY,
    },
    (request, response) => void respond(request, response, answer),
  );
  // Also when nothing moves, in either direction.
  server.timeout = PATIENCE;
  const connections = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    connections.add(socket);
    socket.once("close", () => connections.delete(socket));
    const [oldest] = connections;
    if (connections.size > MOST_CONNECTIONS) oldest?.destroy();
  });
  const { host, port } = address;
  const listening = new Promise<void>((resolve, reject) => {
    // For good: what goes wrong later is a connection's end, not ours.
    server.on("error", reject);
    server.listen({ host, port, backlog: BACKLOG }, resolve);
  });
  const failed = (why: string): Failure =>
    new Failure("cannot-listen", `cannot listen on ${shownAddress(address)}: ${why}`);
  const close = (): void => {
    server.close();
    server.closeAllConnections();
  };
  try {
    await within(clock, LISTEN_WITHIN, listening, () => failed(`the host's address is not known`));
  } catch (error) {
    close();
    throw error instanceof Failure ? error : failed(reason(error));
  }
  server.unref();
  return { address: { host, port: (server.address() as AddressInfo).port }, close };
}

async function respond(
  { method = "", url = "" }: IncomingMessage,
  response: ServerResponse,
  answer: (path: string) => Promise<Answer | undefined>,
): Promise<void> {
  response.on("error", () => {}); // it is gone
  const { status, type, body } = await answered(method, url, answer);
  response.writeHead(status, {
    "content-type": type,
    "content-length": Buffer.byteLength(body),
    "cache-control": "no-store",
    connection: "close",
    ...(status === 405 && { allow: "GET, HEAD" }),
  });
  response.end(body);
}

async function answered(
  method: string,
  url: string,
  answer: (path: string) => Promise<Answer | undefined>,
): Promise<Answer> {
  if (method !== "GET" && method !== "HEAD") return plain(405, "only GET and HEAD");
  try {
    return (await answer(url.split("?", 1).join())) ?? plain(404, "not found");
  } catch (error) {
    return plain(500, messageOf(error));
  }
}

/** In words, where they are known. */
function reason(error: unknown): string {
  const { code = "" } = error as NodeJS.ErrnoException;
  const words: Readonly<Record<string, string>> = {
    EADDRINUSE: "the port is taken",
    EADDRNOTAVAIL: "this host has no such address",
    EACCES: "not allowed",
    ENOTFOUND: "the host's address is not known",
    EAI_AGAIN: "the host's address is not known",
    EAFNOSUPPORT: "this host has no such addresses",
  };
  return words[code] ?? messageOf(error);
}
