import { once } from "node:events";
import {
  connect,
  constants,
  createServer,
  type ClientHttp2Session,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from "node:http2";
import type { AddressInfo } from "node:net";
import type { Owner } from "../helpers/at-exit.js";
import { until } from "../helpers/until.js";

/** Starts a proxy before the etcd at `target`, a `http:` URL, that knows one gRPC method from another. */
export async function startGrpcProxy(t: Owner, target: string): Promise<GrpcProxy> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const proxy = new GrpcProxy(server, target);
  t.teardown(() => proxy.close());
  return proxy;
}

/** Passes every request on to etcd at once, and every answer back, unless answers of its method are kept back. */
export class GrpcProxy {
  readonly url: string;
  readonly #server: Http2Server;
  readonly #target: string;
  readonly #sessions = new Set<ClientHttp2Session>();
  readonly #holding = new Set<string>();
  #held: { method: string; deliver: () => void }[] = [];

  constructor(server: Http2Server, target: string) {
    this.#server = server;
    this.#target = target;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on("session", (down) => {
      const up = connect(this.#target);
      this.#sessions.add(up);
      up.on("error", () => undefined); // its "close" follows
      up.on("close", () => this.#sessions.delete(up) && down.destroy());
      down.on("error", () => undefined);
      down.on("close", () => up.destroy());
      down.on("stream", (stream, headers) => this.#carry(up, stream, headers));
    });
  }

  /** Keeps back the answers of this method, such as "LeaseKeepAlive": etcd acts on the request, nobody hears of it. */
  hold(method: string): void {
    this.#holding.add(method);
  }

  /** Delivers what was kept back, and keeps back no more. */
  release(): void {
    this.#holding.clear();
    const held = this.#held;
    this.#held = [];
    for (const { deliver } of held) deliver();
  }

  /** Resolves when etcd has given an answer that is kept back. */
  async holds(method: string): Promise<void> {
    await until(`an answer of ${method} to be kept back`, () => this.#held.some((held) => held.method === method));
  }

  async close(): Promise<void> {
    for (const session of this.#sessions) session.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #carry(up: ClientHttp2Session, down: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    const method = headers[":path"]?.split("/").at(-1) ?? "";
    const back = (deliver: () => void): void => this.#back(method, () => !down.destroyed && deliver());
    const request = up.request({ ...headers, ":authority": new URL(this.#target).host });
    let trailers: IncomingHttpHeaders = {};
    down.on("data", (bytes: Buffer) => request.write(bytes));
    down.on("end", () => request.end());
    down.on("error", () => undefined);
    down.on("close", () => request.close(constants.NGHTTP2_CANCEL));
    down.on("wantTrailers", () => down.sendTrailers(trailers));
    request.on("response", (answer, flags) => {
      const endStream = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0;
      back(() => down.respond(answer, { endStream, waitForTrailers: !endStream }));
    });
    request.on("data", (bytes: Buffer) => back(() => down.write(bytes)));
    request.on("trailers", (last) => (trailers = last));
    request.on("end", () => back(() => down.end()));
    request.on("error", () => back(() => down.close(constants.NGHTTP2_INTERNAL_ERROR)));
  }

  #back(method: string, deliver: () => void): void {
    // What was kept back of a method goes before what comes now.
    if (this.#holding.has(method)) this.#held.push({ method, deliver });
    else deliver();
  }
}
