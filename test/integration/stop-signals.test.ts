import { existsSync } from "node:fs";
import t from "tap";
import { startEtcd } from "../helpers/etcd-server.js";
import { freePorts } from "../helpers/free-ports.js";
import { fixture } from "../helpers/paths.js";
import { startProxy } from "../helpers/tcp-proxy.js";
import { until } from "../helpers/until.js";
import type { Wrapper } from "../helpers/wrapper.js";
import { startGrpcProxy } from "./grpc-proxy.js";
import { KILLED, Stage, TERMINATED } from "./stage.js";

// Generous for a busy machine, and short of every patience that a wait could be one of: those are made long here.
const AT_ONCE = 4_000;
const PATIENT = ["--dial-timeout", "30s", "--command-timeout", "30s"];

// Each test has an election of its own and mostly waits: several at once.
t.jobs = 3;
const etcd = await startEtcd({ t });

void t.test("a stop signal while etcd is not there: 128+n at once", async (t) => {
  const [port] = await freePorts(1);
  const a = new Stage(t, etcd).candidate("a", { endpoints: `127.0.0.1:${port}`, args: PATIENT });
  await a.event("unreachable");
  a.kill("SIGTERM");
  t.match(await a.exitedWithin(AT_ONCE), { code: TERMINATED });
});

void t.test("a stop signal while etcd is silent: 128+n at once", async (t) => {
  const proxy = await startProxy(etcd.member.clientPort, { t });
  proxy.swallow();
  const a = new Stage(t, etcd).candidate("a", { endpoints: proxy.url, args: PATIENT });
  await until("the first attempt", () => proxy.connections > 0);
  a.kill("SIGINT");
  t.match(await a.exitedWithin(AT_ONCE), { code: 130 });
});

for (const [method, what] of [
  ["LeaseGrant", "our lease is granted but we do not know it yet"],
  ["Txn", "our key is put but we do not know it yet"],
] as const) {
  void t.test(`a stop signal when ${what}: 128+n at once, and no key is left`, async (t) => {
    const stage = new Stage(t, etcd);
    const proxy = await startGrpcProxy(t, etcd.endpoints);
    proxy.hold(method);
    const a = stage.candidate("a", { endpoints: proxy.url, args: PATIENT });
    await proxy.holds(method);
    t.equal((await stage.keys()).length, method === "Txn" ? 1 : 0);
    a.kill("SIGTERM");
    t.match(await a.exitedWithin(AT_ONCE), { code: TERMINATED });
    t.same(await stage.keys(), []);
  });
}

void t.test("a stop signal in standby: 128+n at once, and our place in the queue is gone", async (t) => {
  const stage = new Stage(t, etcd);
  await stage.leader("leader");
  const b = await stage.standby("b");
  b.kill("SIGUSR1");
  t.match(await b.event("signal"), { signal: "SIGUSR1", to: "nobody" });
  t.same(await stage.identities(), ["leader", "b"], "another signal changes nothing");
  b.kill("SIGTERM");
  t.match(await b.exitedWithin(AT_ONCE), { code: TERMINATED });
  t.same(await stage.identities(), ["leader"]);
  t.notOk(b.events.some(({ event }) => event === "elected" || event === "started"));
});

void t.test("a stop signal between election and start: the command is never started, no key is left", async (t) => {
  const stage = new Stage(t, etcd);
  const trace = `${stage.folder}/trace`;
  const proxy = await startGrpcProxy(t, etcd.endpoints);
  // Alone in the queue, it is elected as soon as its key is there: this answer says both.
  proxy.hold("Txn");
  const a = stage.candidate("a", { endpoints: proxy.url, args: PATIENT, command: ["touch", trace] });
  await proxy.holds("Txn");
  t.same(await stage.identities(), ["a"]);
  a.kill("SIGTERM");
  t.match(await a.exitedWithin(AT_ONCE), { code: TERMINATED });
  t.same(await stage.keys(), []);
  t.notOk(a.events.some(({ event }) => event === "started"));
  t.notOk(existsSync(trace));
});

void t.test(
  "a stop signal just when we are elected: not started, or started and stopped; no key is left",
  async (t) => {
    const stage = new Stage(t, etcd);
    for (const event of ["connected", "elected", "started"]) {
      const a = stage.candidate("a", { command: ["sleep", "300"] });
      await a.event(event);
      a.kill("SIGTERM");
      t.match(await a.exitedWithin(AT_ONCE), { code: TERMINATED });
      t.same(await stage.keys(), []);
    }
  },
);

void t.test("a stop signal while leading is passed on, and the command's status is ours", async (t) => {
  const stage = new Stage(t, etcd);
  const a = await stage.leader("a", { command: [fixture("signals.js"), "--exit-on", "SIGTERM=3"] });
  a.kill("SIGHUP");
  await a.stdoutLine("SIGHUP");
  a.kill("SIGTERM");
  t.match(await a.exitedWithin(AT_ONCE), { code: 3 });
  t.equal(a.stdout, "ready\nSIGHUP\nSIGTERM\n");
  t.same(await stage.keys(), []);
});

void t.test("a second stop signal while the command is stopping is passed on like the first", async (t) => {
  const stage = new Stage(t, etcd);
  const a = await stage.leader("a", { command: [fixture("signals.js"), "--exit-on", "SIGINT=4"] });
  a.kill("SIGTERM");
  await a.stdoutLine("SIGTERM");
  a.kill("SIGTERM");
  await until("the second one", () => a.stdout === "ready\nSIGTERM\nSIGTERM\n");
  a.kill("SIGINT");
  t.match(await a.exitedWithin(AT_ONCE), { code: 4 });
  t.equal(a.events.filter(({ event }) => event === "stopping").length, 1);
});

void t.test(
  "stop signals without end, up to and past the SIGKILL, neither put it off nor change the status",
  async (t) => {
    const stage = new Stage(t, etcd);
    const args = ["--kill-after", "500ms"];
    const a = await stage.leader("a", { command: [fixture("ignore-term.sh")], args });
    await until("its end", () => !a.kill("SIGTERM") || !a.kill("SIGINT"), { timeoutMs: AT_ONCE, everyMs: 1 });
    t.match(await a.exited, { code: KILLED });
    t.same(await stage.keys(), []);
  },
);

void t.test("a stop signal after the command's own end changes its status no more", async (t) => {
  const stage = new Stage(t, etcd);
  const command = [fixture("leaves-daemon.sh"), "--exit", "42"];
  const a = await stage.leader("a", { command, args: ["--kill-after", "1s"] });
  await a.event("exited");
  a.kill("SIGTERM");
  t.match(await a.exitedWithin(AT_ONCE), { code: 42 });
  t.same(await stage.keys(), []);
});

void t.test(
  "a stop signal in standby while etcd is frozen: 128+n, within the time a resignation may take",
  async (t) => {
    const failing = await startEtcd({ t });
    const stage = new Stage(t, failing);
    await stage.leader("leader");
    const b = await stage.standby("b", { args: PATIENT });
    await failing.member.freeze();
    b.kill("SIGTERM");
    t.teardown(() => failing.member.thaw());
    t.match(await b.exitedWithin(AT_ONCE), { code: TERMINATED });
  },
);

void t.test("a resignation that etcd does not answer is given up soon, stop signals or not", async (t) => {
  const failing = await startEtcd({ t });
  const workload = [fixture("signals.js"), "--exit-on", "SIGUSR2=5"];
  const stages = [new Stage(t, failing), new Stage(t, failing)];
  const leading = stages.map((stage) => stage.leader("a", { command: workload, args: PATIENT }));
  const [a, b] = (await Promise.all(leading)) as [Wrapper, Wrapper];
  await failing.member.freeze();
  for (const one of [a, b]) {
    one.kill("SIGUSR2");
    await one.event("exited");
  }
  a.kill("SIGTERM");
  t.teardown(() => failing.member.thaw());
  t.match(await Promise.all([a, b].map((one) => one.exitedWithin(AT_ONCE))), [{ code: 5 }, { code: 5 }]);
  t.match(await a.event("resigned"), { level: "warn", acknowledged: false });
});
