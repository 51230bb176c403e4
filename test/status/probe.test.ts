import { createServer, type RequestListener } from "node:http";
import { createServer as createSocketServer, type AddressInfo, type Server } from "node:net";
import { existsSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import t, { type Test } from "tap";
import { freePorts } from "../helpers/free-ports.js";
import { runToEnd, startWrapper } from "../helpers/wrapper.js";

t.jobs = 3;

async function portOf(t: Test, server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.teardown(() => server.close());
  return (server.address() as AddressInfo).port;
}

const probe = (port: number, ...more: string[]) =>
  runToEnd(["--listen", `:${port}`, "--probe", "livez", ...more], { text: true });

void t.test("status 0 and silence for 200, status 1 and a line for anything else", async (t) => {
  const answers: Record<string, RequestListener> = {
    "is 503: standby": (_request, response) => response.writeHead(503).end("standby\n"),
    "is 500: 31mred": (_request, response) => response.writeHead(500).end("\u001b[31mred\n"),
    "is 302: ": (_request, response) => response.writeHead(302, { location: "/livez" }).end(),
    "is 204: ": (_request, response) => response.writeHead(204).end(),
    "socket hang up": (request) => request.socket.destroy(),
  };
  for (const [problem, answer] of Object.entries(answers)) {
    const { code, stdout, stderr } = await probe(await portOf(t, createServer(answer)));
    t.match({ code, stdout }, { code: 1, stdout: "" }, problem);
    t.match(stderr, /^while-leader: [ -~]+\n$/);
    t.ok(stderr.includes(problem), stderr);
  }
  const asked: (string | undefined)[] = [];
  const fine = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.end("ok\n");
  });
  t.match(await probe(await portOf(t, fine)), { code: 0, stdout: "", stderr: "" });
  t.same(asked, ["GET /livez"]);
});

void t.test("it does not wait for long: neither for an answer nor for its end", async (t) => {
  const silent = await portOf(
    t,
    createSocketServer((socket) => void socket.on("error", () => {})),
  );
  const endless = createServer((_request, response) => {
    const drip = setInterval(() => response.write("x".repeat(1_000)), 20);
    response.writeHead(503).on("close", () => clearInterval(drip));
  });
  for (const port of [silent, await portOf(t, endless)]) {
    const { code, stderr } = await probe(port);
    t.equal(code, 1);
    t.match(stderr, /^while-leader: cannot ask 127\.0\.0\.1:\d+: no answer in 2000 ms\n$/);
  }
});

void t.test("whoever is not there is not healthy", async (t) => {
  const [port = 0] = await freePorts(1);
  const { code, stderr } = await probe(port);
  t.equal(code, 1);
  t.match(stderr, /^while-leader: cannot ask [^\n]*ECONNREFUSED[^\n]*\n$/);
});

void t.test("settings of the candidate do not matter to it, and wrong usage is status 64", async (t) => {
  const [port = 0] = await freePorts(1);
  const env = { WHILE_LEADER_LISTEN: `127.0.0.1:${port}`, WHILE_LEADER_ELECTION: "a//b", WHILE_LEADER_TTL: "abc" };
  t.match(await runToEnd(["--probe", "readyz"], { env, text: true }), { code: 1 });
  t.match(await runToEnd(["--probe", "readyz"], { text: true }), { code: 64, stderr: /needs --listen/ });
  t.match(await runToEnd(["--probe", "metrics"], { env, text: true }), { code: 64, stderr: /livez, readyz/ });
  t.match(await runToEnd(["--probe", "livez", "true"], { env, text: true }), { code: 64, stderr: /no command/ });
});

void t.test("an address that cannot be had is status 69 in one line, and nothing is started", async (t) => {
  const first = startWrapper(["--listen", "127.0.0.1:0", "sleep", "300"], { t });
  const { address } = await first.event("listening");
  for (const [where, why] of [
    [String(address), "the port is taken"],
    ["192.0.2.1:0", "this host has no such address"],
  ] as const) {
    const touched = join(t.testdir(), "touched");
    const { code, stdout, stderr } = await runToEnd(["--listen", where, "touch", touched], { text: true });
    t.match(
      { code, stdout, stderr },
      { code: 69, stdout: "", stderr: `while-leader: cannot listen on ${where}: ${why}\n` },
    );
    t.notOk(existsSync(touched));
  }
});

/** Where the kernel has no IPv6, or a container none on its loopback. */
const noIPv6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === "::1"))
  ? false
  : "this host has no IPv6 address ::1";

for (const [host, skip] of [
  ["", false],
  ["0.0.0.0", false],
  ["localhost", false],
  ["[::]", noIPv6],
  ["[::1]", noIPv6],
] as const)
  void t.test(`who listens on "${host}" is reached by a probe of the same settings`, { skip }, async (t) => {
    const wrapper = startWrapper(["--listen", `${host}:0`, "sleep", "300"], { t });
    const { address } = await wrapper.event("listening");
    await wrapper.event("started");
    t.match(await runToEnd(["--listen", String(address), "--probe", "readyz"], { text: true }), { code: 0 });
  });

void t.test("the command neither sees where its wrapper listens nor has a socket of its", async (t) => {
  const env = { WHILE_LEADER_LISTEN: "127.0.0.1:0" };
  const { code, stdout } = await runToEnd(["sh", "-c", "env; ls -l /proc/self/fd"], { env });
  t.equal(code, 0);
  t.notMatch(stdout, "WHILE_LEADER_LISTEN");
  // 0 to 2 are the test's own.
  t.match(stdout, / 1 -> /);
  t.notMatch(stdout, / ([3-9]|\d\d+) -> socket:/);
});
