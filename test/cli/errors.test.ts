import { createServer as createHttpServer } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import { createServer, type Server, type Socket } from "node:net";
import t, { type Test } from "tap";
import { startEtcd } from "../helpers/etcd-server.js";
import { freePorts } from "../helpers/free-ports.js";
import { until } from "../helpers/until.js";
import { runToEnd } from "../helpers/wrapper.js";
import { listen, relayTo } from "./relay.js";
import { stand } from "./standing.js";

/** Something that listens and is not etcd, and how often somebody came. */
async function strange(t: Test, server: Server, port?: number) {
  const sockets = new Set<Socket>();
  const seen = { attempts: 0, url: "", close: () => {} };
  server.on("connection", (socket: Socket) => sockets.add(socket.on("error", () => {})));
  // One connection of HTTP/2 can carry many attempts.
  const attempt = "setTimeout" in server && "updateSettings" in server ? "stream" : "connection";
  server.on(attempt, () => seen.attempts++);
  seen.url = `http://${await listen(t, server, "127.0.0.1", port)}`;
  seen.close = () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  t.teardown(seen.close);
  return seen;
}

const http2NotFound = () => createHttp2Server((_request, response) => response.writeHead(404).end("not here"));
const garbage = () => createServer((socket) => socket.write("\x00\xff220 smtp.example ESMTP\r\n".repeat(20)));

const OTHERS: Record<string, { server: () => unknown; error: RegExp; patience?: object }> = {
  "an HTTP/1 server": {
    server: () => createHttpServer((_request, response) => response.end("hello")),
    error: /is not etcd/,
  },
  "an HTTP/2 server that is not etcd": { server: http2NotFound, error: /is not etcd/ },
  "a server that speaks something else": { server: garbage, error: /is not etcd/ },
  "a server that hangs up": {
    server: () => createServer((socket) => socket.destroy()),
    error: /^cannot reach|is not etcd/,
  },
  "a server that says nothing": {
    server: () => createServer(),
    error: /^cannot reach .*no answer$/,
    patience: { dialTimeout: 200, commandTimeout: 400 },
  },
};

for (const [what, { server, error, patience }] of Object.entries(OTHERS)) {
  await t.test(`${what} is tried again and again, and told once`, async (t) => {
    const other = await strange(t, server() as Server);
    const { lines } = stand(t, { endpoints: other.url, ...patience });
    await until("four attempts", () => other.attempts >= 4);
    t.match(lines, [{ level: "warn", event: "unreachable", error }]);
    t.equal(lines.length, 1);
    t.ok(String(lines[0]?.["error"]).includes(other.url));
    t.notMatch(lines[0]?.["error"], /\n/);
  });
}

await t.test("a refused connection and an unknown host are told so", async (t) => {
  const [port] = await freePorts(1);
  const refused = stand(t, { endpoints: `127.0.0.1:${port}` });
  const unknown = stand(t, { endpoints: "no-such-host.invalid:2379" });
  t.match(await refused.line("unreachable"), {
    error: `cannot reach etcd at http://127.0.0.1:${port}: connection refused`,
  });
  t.match(await unknown.line("unreachable"), {
    error: "cannot reach etcd at http://no-such-host.invalid:2379: host name not found",
  });
});

await t.test("each change of what is wrong is one line, and so is the end of it", async (t) => {
  const cluster = await startEtcd({ t });
  const [port = 0] = await freePorts(1);
  const standing = stand(t, { endpoints: `127.0.0.1:${port}` });
  t.match(await standing.line("unreachable"), { error: /refused$/ });
  const other = await strange(t, garbage(), port);
  t.match(await standing.line("unreachable", 1), { error: /is not etcd/ });
  other.close();
  await standing.line("unreachable", 2);
  await listen(t, relayTo(cluster.member.clientPort), "127.0.0.1", port);
  await standing.campaign.elected;
  const told = standing.lines.filter(({ level }) => level === "warn" || level === "info");
  t.same(
    told.slice(-2).map(({ event }) => event),
    ["connected", "elected"],
  );
  t.same(
    told.filter(({ error }, index) => error !== undefined && error === told[index - 1]?.["error"]),
    [],
  );
  t.ok(told.length <= 6, "not one for each attempt");
});

await t.test("of several endpoints one that works is enough, and those that do not are told together", async (t) => {
  const cluster = await startEtcd({ t });
  const [port] = await freePorts(1);
  const other = await strange(t, garbage());
  const some = stand(t, { endpoints: `127.0.0.1:${port},${other.url},${cluster.endpoints}` });
  await some.campaign.elected;
  t.notOk(some.lines.some(({ event }) => event === "unreachable"));
  const none = stand(t, { name: "other", endpoints: `127.0.0.1:${port},${other.url}` });
  const { error } = await none.line("unreachable");
  t.match(error, new RegExp(`127.0.0.1:${port}: connection refused`));
  t.match(error, new RegExp(`${other.url} is not etcd`));
});

await t.test("whatever is no etcd: status 69 after --wait, one line for it, no command", async (t) => {
  const other = await strange(
    t,
    createHttpServer((_request, response) => response.end("hello")),
  );
  const ended = await runToEnd(["-n", "jobs", "--endpoints", other.url, "--wait", "1s", "--", "echo", "never"]);
  t.match(ended, { code: 69, stdout: "" });
  t.equal(ended.events.filter(({ event }) => event === "unreachable").length, 1);
  t.ok(other.attempts > 1);
});
