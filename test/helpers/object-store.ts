import { createHash } from "node:crypto";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import type { Owner } from "./at-exit.js";

interface StoredObject {
  readonly body: string;
  readonly etag: string;
  readonly token: string | undefined;
}

/**
 * The part of S3 that a conditional put takes, in its stead: ETag, If-Match and If-None-Match by RFC 9110, and one field of
 * metadata. Not S3's: signatures, and ETags that are MD5 sums.
 */
export class ObjectStore {
  readonly url: string;
  /** Called before a put is looked at: what comes between somebody's look and their put. */
  beforePut: () => void = () => {};
  /** How many puts were refused for their condition. */
  refused = 0;
  #object: StoredObject | undefined;

  /** Starts one that holds one object, on a free port of 127.0.0.1. */
  static async start(t: Owner): Promise<ObjectStore> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    t.teardown(() => new Promise((resolve) => server.close(resolve)));
    const store = new ObjectStore(`http://127.0.0.1:${(server.address() as AddressInfo).port}/object`);
    server.on("request", (request, response) => {
      let body = "";
      request.setEncoding("utf8").on("data", (text: string) => (body += text));
      request.on("end", () => {
        const [status, { etag, token } = store.#object ?? {}] = store.#answer(request.method, request.headers, body);
        response.writeHead(status, { ...(etag && { ETag: etag }), ...(token && { "x-amz-meta-token": token }) }).end();
      });
    });
    return store;
  }

  private constructor(url: string) {
    this.url = url;
  }

  get body(): string | undefined {
    return this.#object?.body;
  }

  /** Puts without a condition. */
  put(body: string, token: string | undefined): void {
    // Of everything: the same body again is another object.
    const etag = `"${createHash("sha256").update(`${body} ${token} ${Math.random()}`).digest("hex")}"`;
    this.#object = { body, etag, token };
  }

  #answer(method: string | undefined, headers: IncomingHttpHeaders, body: string): [number, StoredObject | undefined] {
    if (method === "HEAD") return this.#object ? [200, this.#object] : [404, undefined];
    if (method !== "PUT") return [405, undefined];
    this.beforePut();
    const { "if-match": match, "if-none-match": noneMatch, "x-amz-meta-token": token } = headers;
    const holds =
      (match === undefined || (this.#object !== undefined && match === this.#object.etag)) &&
      (noneMatch !== "*" || this.#object === undefined);
    if (!holds) {
      this.refused++;
      return [412, undefined];
    }
    this.put(body, token?.toString());
    return [200, this.#object];
  }
}
