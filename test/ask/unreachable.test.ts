import { createServer } from "node:net";
import t from "tap";
import { startEtcd } from "../helpers/etcd-server.js";
import { freePorts } from "../helpers/free-ports.js";
import { startProxy } from "../helpers/tcp-proxy.js";
import { until } from "../helpers/until.js";
import { runToEnd, startWrapper } from "../helpers/wrapper.js";

const QUESTIONS = ["--who", "--watch"];
t.jobs = 3;
const etcd = await startEtcd({ t });
const [free = 0] = await freePorts(1);

void t.test("--who says at once that nobody listens there, with status 69", async (t) => {
  const { code, stdout, events } = await runToEnd(["-n", "jobs", "--who", "--endpoints", `127.0.0.1:${free}`]);
  t.same({ code, stdout }, { code: 69, stdout: "" });
  t.match(events, [{ event: "failed", error: `cannot reach etcd at http://127.0.0.1:${free}: connection refused` }]);
  t.equal(events.length, 1);
  const text = await runToEnd(["-n", "jobs", "--who", "--endpoints", `127.0.0.1:${free}`], { text: true });
  t.equal(text.stderr, `while-leader: cannot reach etcd at http://127.0.0.1:${free}: connection refused\n`);
});

void t.test("--who waits no longer for silence than --command-timeout", async (t) => {
  let waited = 0;
  const silent = createServer((socket) => {
    const begun = performance.now();
    socket.resume().once("close", () => (waited = Math.max(waited, performance.now() - begun)));
    socket.on("error", () => {});
  });
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  t.teardown(() => silent.close());
  const address = silent.address();
  const port = typeof address === "object" ? address?.port : 0;
  const args = ["--endpoints", `127.0.0.1:${port}`, "--command-timeout", "500ms"];
  t.match(await runToEnd(["-n", "jobs", "--who", ...args]), { code: 69, events: [{ error: /no answer/ }] });
  await until("the end of its connection", () => waited > 0);
  t.ok(waited < 4_500, `${waited} ms, less than the default`);
});

void t.test("with --wait both give up when it is over, with status 69", async (t) => {
  for (const question of QUESTIONS) {
    const args = ["--endpoints", `127.0.0.1:${free}`, "--wait", "300ms"];
    const { code, stdout, events } = await runToEnd(["-n", "jobs", question, ...args]);
    t.same({ code, stdout }, { code: 69, stdout: "" }, question);
    t.match(events.at(-1), { event: "failed", error: /^etcd was not reached within --wait$/ }, question);
  }
});

void t.test("with --wait both answer when etcd comes in time, and --watch then stays", async (t) => {
  for (const question of QUESTIONS) {
    const proxy = await startProxy(etcd.member.clientPort, { t });
    proxy.cut();
    const asking = startWrapper(["-n", "jobs", question, "--endpoints", proxy.url, "--wait", "20s"], { t });
    await asking.event("unreachable");
    proxy.heal();
    await asking.stdoutLine(/nobody/);
    await asking.event("connected");
    if (question === "--who") t.match(await asking.exitedWithin(), { code: 1 });
    else t.notOk(asking.hasExited);
  }
});

void t.test("what is wrong with the credentials is status 77", async (t) => {
  const tls = await startEtcd({ t, tls: "server" });
  for (const question of QUESTIONS)
    t.match(await runToEnd(["-n", "jobs", question, "--endpoints", tls.endpoints]), { code: 77, stdout: "" }, question);
  const { code, stdout } = await runToEnd(["-n", "jobs", "--who", ...tls.flags]);
  t.same({ code, stdout: stdout.split("\n")[1] }, { code: 1, stdout: "leader    nobody" });
});
