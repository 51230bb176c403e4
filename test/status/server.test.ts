import { randomBytes } from "node:crypto";
import t, { type Test } from "tap";
import { systemClock } from "../../lib/clock.js";
import { openServer, plain } from "../../lib/status/server.js";
import { until } from "../helpers/until.js";
import { ask, dial } from "./asking.js";

const clock = systemClock();
/** Of the server, and a look every second; the rest is for a busy machine. */
const CUT_WITHIN = 12_000;

t.jobs = 4;

/** A server that says "here", and its port. */
async function serverOf(t: Test): Promise<number> {
  const answers: Record<string, () => Promise<ReturnType<typeof plain>>> = {
    "/": async () => plain(200, "here"),
    "/broken": async () => {
      throw new Error("broken");
    },
  };
  const server = await openServer({ host: "127.0.0.1", port: 0 }, async (path) => answers[path]?.(), clock);
  t.teardown(() => server.close());
  return server.address.port;
}

void t.test("GET and HEAD are answered, a query does not matter", async (t) => {
  const port = await serverOf(t);
  t.match(await ask(port, "/"), {
    status: 200,
    body: "here\n",
    headers: { connection: "close", "content-length": "5" },
  });
  t.match(await ask(port, "/?a=b?c"), { status: 200, body: "here\n" });
  t.match(await ask(port, "/", "HEAD"), { status: 200, body: "", headers: { "content-length": "5" } });
});

void t.test("other paths are 404, other methods 405, a bug of ours 500: and none is an unhandled one", async (t) => {
  const port = await serverOf(t);
  for (const path of ["/here", "//", "/%00", "/../", `/${"x".repeat(4_000)}`, "/__proto__", "/constructor", "*"])
    t.match(await ask(port, path), { status: 404 }, path);
  for (const method of ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"])
    t.match(await ask(port, "/", method), { status: 405, headers: { allow: "GET, HEAD" } }, method);
  t.match(await ask(port, "/broken"), { status: 500, body: "broken\n" });
});

void t.test("garbage, half a request and too much of one end their own connection, and nothing else", async (t) => {
  const port = await serverOf(t);
  const said = {
    bytes: randomBytes(64 << 10),
    zeros: Buffer.alloc(64 << 10),
    tls: Buffer.from("16030100050100000100", "hex"),
    "long header": `GET / HTTP/1.1\r\nhost: x\r\nx: ${"y".repeat(20_000)}\r\n\r\n`,
    "many headers": `GET / HTTP/1.1\r\nhost: x\r\n${"a: b\r\n".repeat(5_000)}\r\n`,
    "long line": `GET /${"x".repeat(100_000)} HTTP/1.1\r\n\r\n`,
    "no host": "GET / HTTP/1.1\r\n\r\n",
    "wrong version": "GET / HTTP/9.9\r\n\r\n",
    "two lengths": "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
    "wrong chunk": "GET / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
    connect: "CONNECT x:1 HTTP/1.1\r\nhost: x\r\n\r\n",
    http2: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    // What follows the first is not looked at.
    pipelined: "GET / HTTP/1.1\r\nhost: x\r\n\r\n".repeat(1_000),
    upgrade: "GET / HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n",
    body: `GET / HTTP/1.1\r\nhost: x\r\ncontent-length: 100000000\r\n\r\n${"x".repeat(100_000)}`,
  };
  const heard = await Promise.all(
    Object.entries(said).map(async ([what, text]) => [what, await dial(port, t, text).ended] as const),
  );
  for (const [what, text] of heard) {
    t.match(text, /^(HTTP\/1\.1 (200|400|405|408|431) [\s\S]*)?$/, what);
    t.ok(text.length < 1_000, `${what} costs an answer, or none`);
  }
  t.match(await ask(port, "/"), { status: 200 });
});

void t.test("who says nothing, says it slowly or does not listen is cut off", async (t) => {
  const port = await serverOf(t);
  const begun = performance.now();
  const silent = dial(port, t);
  const half = dial(port, t, "GET / HTTP/1.1\r\nhost:");
  const slow = dial(port, t, "GET / HTTP/1.1\r\n");
  const drip = setInterval(() => slow.socket.write("a: b\r\n"), 200);
  t.teardown(() => clearInterval(drip));
  const deaf = dial(port, t, "GET / HTTP/1.1\r\nhost: x\r\n\r\n");
  deaf.socket.pause();
  // The end is heard only by who listens.
  const ends = [silent.ended, half.ended, slow.ended].map(async (ended) => (await ended) && performance.now() - begun);
  t.match(await ask(port, "/"), { status: 200 }, "others are served meanwhile");
  for (const after of await Promise.all(ends)) t.ok(Number(after) < CUT_WITHIN, `after ${after} ms`);
  deaf.socket.resume();
  t.match(await deaf.ended, /here/, "its answer was in the kernel's hands");
});

void t.test("of more than 64 connections the oldest makes room", async (t) => {
  const port = await serverOf(t);
  const [oldest, ...others] = Array.from({ length: 64 }, () => dial(port, t));
  await until("connections", () => others.every(({ socket }) => !socket.connecting));
  t.match(await ask(port, "/"), { status: 200 }, "the 65th");
  t.equal(await oldest?.ended, "");
  for (const { socket } of others) socket.write("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
  for (const { ended } of others) t.match(await ended, /here/);
});

void t.test("a thousand connections: whoever comes meanwhile is served, and all of them end", async (t) => {
  const port = await serverOf(t);
  const lines = Array.from({ length: 1_000 }, () => dial(port, t));
  for (let count = 0; count < 20; count++) t.match(await ask(port, "/"), { status: 200 });
  await Promise.all(lines.map(({ ended }) => ended));
});

void t.test("an address that cannot be had is a failure with status 69, in one line", async (t) => {
  const port = await serverOf(t);
  const refused = async (host: string, at: number) =>
    openServer({ host, port: at }, async () => undefined, clock).then(
      (server) => server.close(),
      (error: unknown) => error,
    );
  const failure = { code: "cannot-listen", status: 69 };
  t.match(await refused("127.0.0.1", port), {
    ...failure,
    message: `cannot listen on 127.0.0.1:${port}: the port is taken`,
  });
  // 192.0.2.0/24 is for documentation: nobody's.
  t.match(await refused("192.0.2.1", 0), {
    ...failure,
    message: /^cannot listen on 192\.0\.2\.1:0: this host has no such address$/,
  });
  t.match(await refused("no-such-host.invalid", 0), { ...failure, message: /the host's address is not known$/ });
});

void t.test("when it is closed, so is every connection", async (t) => {
  const server = await openServer({ host: "127.0.0.1", port: 0 }, async () => plain(200, "here"), clock);
  const { port } = server.address;
  const line = dial(port, t);
  await new Promise((resolve) => line.socket.once("connect", resolve));
  await ask(port, "/");
  server.close();
  await line.ended;
  await t.rejects(ask(port, "/"), { code: "ECONNREFUSED" });
});
