import { request } from "node:http";
import { connect, type Socket } from "node:net";
import type { Owner } from "../helpers/at-exit.js";

export interface Reply {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

const PATIENCE = 10_000;

/** Asks as a scraper does. Rejects when there is no whole answer. */
export function ask(port: number, path: string, method = "GET"): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const options = { host: "127.0.0.1", port, path, method, agent: false, signal: AbortSignal.timeout(PATIENCE) };
    request(options, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (text: string) => (body += text));
      response.on("error", reject);
      response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
    })
      .on("error", reject)
      .end();
  });
}

/** A connection on which anything can be said. */
export interface Line {
  readonly socket: Socket;
  /** All that was answered, when the other side has ended it. Never rejects. */
  readonly ended: Promise<string>;
}

/** Opens a connection, and says something at once. */
export function dial(port: number, t: Owner, said: string | Buffer = ""): Line {
  const socket = connect(port, "127.0.0.1");
  t.teardown(() => socket.destroy());
  let heard = "";
  socket.on("error", () => {}); // reset, which is an end too
  socket.setEncoding("latin1").on("data", (text: string) => (heard += text));
  const ended = new Promise<string>((resolve) => socket.once("close", () => resolve(heard)));
  if (said.length > 0) socket.write(said);
  return { socket, ended };
}
