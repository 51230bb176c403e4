import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { test, type Test } from "tap";
import { startProxy, type TcpProxy } from "./tcp-proxy.js";
import { until } from "./until.js";

/** A server that sends back in upper case what it gets, and keeps all it got. */
async function startShouter(t: Test) {
  const shouter = { port: 0, heard: "", connections: 0 };
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    shouter.connections++;
    socket.setEncoding("utf8");
    socket.on("data", (text: string) => {
      shouter.heard += text;
      socket.write(text.toUpperCase());
    });
    socket.on("end", () => socket.end("BYE"));
    socket.on("error", () => undefined);
    socket.on("close", () => shouter.connections--);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  shouter.port = (server.address() as AddressInfo).port;
  t.teardown(() => server.close());
  return shouter;
}

/** A client that keeps all it gets, and how it ended. */
async function dial(t: Test, { port }: TcpProxy) {
  const socket: Socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  const client = { socket, heard: "", ended: false, closed: false, error: "" };
  socket.setEncoding("utf8");
  socket.on("data", (text: string) => (client.heard += text));
  socket.on("end", () => (client.ended = true));
  socket.on("error", (error: NodeJS.ErrnoException) => (client.error = error.code ?? ""));
  socket.on("close", () => (client.closed = true));
  t.teardown(() => socket.destroy());
  await once(socket, "connect");
  return client;
}

async function setUp(t: Test) {
  const shouter = await startShouter(t);
  const proxy = await startProxy(shouter.port, { t });
  const client = await dial(t, proxy);
  client.socket.write("a");
  await until("the echo", () => client.heard === "A");
  return { shouter, proxy, client };
}

// Long enough for a byte to arrive, were it not for the proxy: on loopback it takes a tenth of a millisecond.
const A_WHILE = 60;

async function nothingFor(ms: number, happened: () => boolean): Promise<boolean> {
  return until("anything", happened, { timeoutMs: ms, everyMs: 5 }).then(
    () => false,
    () => true,
  );
}

await test("passes bytes and ends both ways", async (t) => {
  const { proxy, client, shouter } = await setUp(t);
  t.equal(proxy.url, `http://127.0.0.1:${proxy.port}`);
  t.equal(proxy.connections, 1);
  const long = "x".repeat(3_000_000);
  client.socket.write(long);
  client.socket.end("b");
  await until("the end", () => client.closed);
  t.ok(client.heard === `A${long.toUpperCase()}BBYE`, "all, in order, also after our own end");
  t.equal(client.error, "");
  await until("no connection", () => proxy.connections === 0 && shouter.connections === 0);
});

await test("passes a reset on, and a server that is not there", async (t) => {
  const { proxy, client, shouter } = await setUp(t);
  client.socket.resetAndDestroy();
  await until("no connection", () => shouter.connections === 0 && proxy.connections === 0);
  const vacant = createServer().listen(0, "127.0.0.1");
  await once(vacant, "listening");
  const { port } = vacant.address() as AddressInfo;
  await new Promise((closed) => vacant.close(closed));
  const orphan = await dial(t, await startProxy(port, { t }));
  await until("the reset", () => orphan.closed);
  t.equal(orphan.error, "ECONNRESET");
});

await test("cut resets what is open and what comes, until heal", async (t) => {
  const { proxy, client, shouter } = await setUp(t);
  proxy.cut();
  await until("the reset", () => client.closed);
  t.equal(client.error, "ECONNRESET");
  await until("the server's too", () => shouter.connections === 0 && proxy.connections === 0);
  const refused = connect(proxy.port, "127.0.0.1");
  refused.on("error", () => undefined);
  await until("the reset of a new one", () => refused.destroyed);
  proxy.heal();
  const next = await dial(t, proxy);
  next.socket.write("b");
  await until("an answer", () => next.heard === "B");
});

await test("hold keeps what is sent, and heal delivers it", async (t) => {
  const { proxy, client, shouter } = await setUp(t);
  proxy.hold();
  client.socket.write("b");
  const next = await dial(t, proxy);
  next.socket.end("c");
  t.ok(await nothingFor(A_WHILE, () => shouter.heard !== "a" || next.heard !== ""));
  proxy.heal();
  await until("what was held", () => client.heard === "AB" && next.heard === "CBYE");
  proxy.hold("down");
  client.socket.write("d");
  await until("the way up", () => shouter.heard.endsWith("d"));
  t.ok(await nothingFor(A_WHILE, () => client.heard !== "AB"));
  proxy.heal();
  await until("the way down", () => client.heard === "ABD");
  t.notOk(client.closed);
});

await test("swallow loses what is sent, and heal resets who lost something", async (t) => {
  const { proxy, client, shouter } = await setUp(t);
  const silent = await dial(t, proxy);
  proxy.swallow("up");
  client.socket.write("b");
  const next = await dial(t, proxy);
  next.socket.end("c");
  t.ok(await nothingFor(A_WHILE, () => shouter.heard !== "a" || client.closed || next.ended));
  t.equal(proxy.connections, 3);
  proxy.heal();
  await until("the resets", () => client.closed && next.closed);
  t.same([client.error, next.error], ["ECONNRESET", "ECONNRESET"]);
  silent.socket.write("d");
  await until("the one that lost nothing", () => silent.heard === "D");
  t.equal(shouter.heard, "ad");
});

await test("swallow down: the server acts, its answer is lost", async (t) => {
  const { proxy, client, shouter } = await setUp(t);
  proxy.swallow("down");
  client.socket.write("b");
  await until("the act", () => shouter.heard === "ab");
  t.ok(await nothingFor(A_WHILE, () => client.heard !== "A" || client.closed));
  proxy.heal();
  await until("the reset", () => client.closed);
});

await test("delay holds each way back that long, in order", async (t) => {
  const { proxy, client } = await setUp(t);
  proxy.delay(50);
  const sent = performance.now();
  for (const letter of "bcdef") client.socket.write(letter);
  await until("the echo", () => client.heard === "ABCDEF", { everyMs: 1 });
  const took = performance.now() - sent;
  t.ok(took >= 99, `both ways: ${took} ms`);
  client.socket.write("g");
  t.ok(await nothingFor(30, () => client.heard.endsWith("G")));
  proxy.delay(0);
  await until("the rest at once", () => client.heard.endsWith("G"));
});

await test("close frees the port, with connections open or cut", async (t) => {
  const { proxy, client } = await setUp(t);
  await proxy.close();
  await proxy.close();
  await until("the reset", () => client.closed);
  const again = createServer().listen(proxy.port, "127.0.0.1");
  await once(again, "listening");
  again.close();
});
