import { hostname } from "node:os";
import t from "tap";
import { enableAuth } from "../helpers/etcd-auth.js";
import { startEtcd, type EtcdCluster } from "../helpers/etcd-server.js";
import { startProxy } from "../helpers/tcp-proxy.js";
import { until } from "../helpers/until.js";
import { runToEnd, startWrapper, type Ended } from "../helpers/wrapper.js";
import { newest, renewals, Stage } from "./stage.js";

t.jobs = 2;
const etcd = await startEtcd({ t });

const PREFIX = "while-leader/step-down";

/** Asks the stage's leader to hand over. */
function ask(stage: Stage, ...args: string[]): Promise<Ended> {
  return runToEnd(["-n", stage.election, "--endpoints", etcd.endpoints, "--step-down", ...args], { timeoutMs: 40_000 });
}

/** The requests that stand in etcd for this stage's election. */
async function requests(cluster: EtcdCluster, stage: Stage): Promise<string[]> {
  const { stdout } = await cluster.etcdctl("get", "--prefix", "--keys-only", `${PREFIX}/${stage.election}/`);
  return stdout.split("\n").filter(Boolean);
}

void t.test("the leader hands over as on SIGTERM, queues at the end, and the request is gone", async (t) => {
  const stage = new Stage(t, etcd);
  const a = await stage.leader("a", { args: ["--on-lost", "exit"] });
  const b = await stage.standby("b");
  const { code, stdout, stderr } = await ask(stage);
  t.same({ code, stderr }, { code: 0, stderr: "" }, "with nothing to say but the answer");
  t.match(stdout, new RegExp(`^${stage.election}: from a to b in [\\d.]+m?s\n$`));
  t.match(await a.event("asked"), { by: hostname() });
  t.match(await a.event("stopping"), { cause: "step-down" });
  t.match(await a.event("exited"), { signal: "SIGTERM" });
  await a.event("standby");
  await stage.beating(b);
  t.same(await stage.identities(), ["b", "a"]);
  t.same(await requests(etcd, stage), []);
  t.notOk(a.events.some(({ event }) => event === "lost" || event === "killing"));
  t.same(stage.violations(), []);
});

void t.test("--stop-with and --kill-after hold; between two runs of --restart nothing has to be stopped", async (t) => {
  const stage = new Stage(t, etcd);
  const stubborn = ["sh", "-c", "trap 'echo quit' QUIT; echo ready; while :; do sleep 0.1; done"];
  const a = await stage.leader("a", { command: stubborn, args: ["--stop-with", "QUIT", "--kill-after", "500ms"] });
  const fails = { command: ["sh", "-c", "exit 1"], args: ["--restart", "always", "--max-restarts", "99"] };
  const b = await stage.standby("b", fails);
  t.match(await ask(stage), { code: 0, stdout: / from a to b / });
  await a.stdoutLine("quit");
  t.match(await a.event("killing"), { processes: /[12]/ });
  const pause = await b.event("restarting", { where: ({ delay }) => Number(delay) >= 800 });
  t.match(await ask(stage), { code: 0, stdout: / from b to a / });
  t.match(await b.event("rejoining", { after: pause }), {});
});

void t.test("1 if nobody leads, 64 with a command or without an election", async (t) => {
  const stage = new Stage(t, etcd);
  t.match(await ask(stage), { code: 1, stdout: "", stderr: /nobody leads election/ });
  t.match(await ask(stage, "true"), { code: 64, stderr: /--step-down: takes no command/ });
  t.match(await runToEnd(["--step-down"]), { code: 64, stderr: /--step-down: needs --election/ });
});

void t.test("75 if nobody else stands in the queue within --wait: the same host leads on, in a new term", async (t) => {
  const stage = new Stage(t, etcd);
  const a = await stage.leader("a");
  const first = newest(a, "elected");
  const asking = ask(stage, "--wait", "4s");
  await stage.beating(a, { after: first });
  t.match(await asking, { code: 75, stdout: "", stderr: /nobody took over from a within 4s/ });
  t.same(await stage.identities(), ["a"]);
  t.same(await requests(etcd, stage), []);
  await renewals(a, 1);
  t.equal(a.events.filter(({ event }) => event === "asked").length, 1);
});

void t.test("75 if the leader is one of etcdctl, which knows of no such thing", async (t) => {
  const stage = new Stage(t, etcd);
  const other = etcd.etcdctlSpawn(["elect", stage.election, "other"], t);
  await other.stdoutLine("other");
  t.match(await ask(stage, "--wait", "1s"), { code: 75, stderr: /nobody took over from other within 1s/ });
  t.same(await stage.identities(), ["other"]);
  t.same(await requests(etcd, stage), []);
});

void t.test("69 if etcd is not reached, 128+n after a stop signal, and the request is taken back", async (t) => {
  const stage = new Stage(t, etcd);
  const nowhere = ["--endpoints", "127.0.0.1:1", "--wait", "1s"];
  t.match(await runToEnd(["-n", "jobs", "--step-down", ...nowhere]), { code: 69, stderr: /not reached within 1s/ });
  const other = etcd.etcdctlSpawn(["elect", stage.election, "other"], t);
  await other.stdoutLine("other");
  const asker = startWrapper(["-n", stage.election, "--endpoints", etcd.endpoints, "--step-down"], { t });
  await until("the request", async () => (await requests(etcd, stage)).length > 0);
  asker.kill("SIGINT");
  t.match(await asker.exitedWithin(), { code: 130 });
  t.same(await requests(etcd, stage), []);
});

void t.test("a request is for one term alone, and is heard also after the connection was away", async (t) => {
  const stage = new Stage(t, etcd);
  const proxy = await startProxy(etcd.member.clientPort, { t });
  const a = await stage.leader("a", { endpoints: proxy.url });
  const b = await stage.standby("b");
  const revision = (await stage.keyOf("a")).createRevision;
  const later = (await stage.keyOf("b")).createRevision;
  for (const other of [revision - 1n, revision + 1n, later])
    await etcd.etcdctl("put", `${PREFIX}/${stage.election}/${other}`, "me");
  await renewals(a, 2);
  t.notOk(a.events.some(({ event }) => event === "asked"));
  proxy.cut();
  await etcd.etcdctl("put", `${PREFIX}/${stage.election}/${revision}`, "me");
  proxy.heal();
  t.match(await a.event("asked"), { by: "me" });
  // Its own request was there before it led.
  t.match(await b.event("asked"), { by: "me" });
  t.same(stage.violations(), []);
});

void t.test("permissions: a leader without them leads on, an asker without them is told which", async (t) => {
  const cluster = await startEtcd({ t });
  await enableAuth(cluster, { rootPassword: "root", user: "worker", password: "pw", prefix: "jobs/" });
  const stage = new Stage(t, cluster, { election: "jobs" });
  const worker = { args: ["--user", "worker:pw"] };
  const a = await stage.leader("a", worker);
  const b = await stage.standby("b", worker);
  t.match(await a.event("no-step-down"), { note: /no permission to read while-leader\/step-down\/jobs\// });
  const asking = ["-n", "jobs", "--endpoints", cluster.endpoints, "--step-down", "--wait", "20s"];
  t.match(await runToEnd([...asking, "--user", "worker:pw"]), {
    code: 77,
    stderr: /permission denied: .*read and write on while-leader\/step-down\/jobs\//,
  });
  await renewals(a, 1);
  t.notOk(a.events.some(({ level }) => level === "warn" || level === "error"));

  // As docs/etcd.md has it: candidates read requests, operators read the queue and write requests.
  for (const step of [
    ["role", "grant-permission", "--prefix", "worker-role", "read", `${PREFIX}/jobs/`],
    ["role", "add", "operator"],
    ["role", "grant-permission", "--prefix", "operator", "read", "jobs/"],
    ["role", "grant-permission", "--prefix", "operator", "readwrite", `${PREFIX}/jobs/`],
    ["user", "add", "operator:pw"],
    ["user", "grant-role", "operator", "operator"],
  ])
    t.equal((await cluster.etcdctl(...step)).code, 0, step.join(" "));
  a.kill("SIGTERM");
  await stage.beating(b);
  const c = await stage.standby("c", worker);
  t.match(await runToEnd([...asking, "--user", "operator:pw"]), { code: 0, stdout: /^jobs: from b to c / });
  await stage.beating(c);
  t.equal(a.events.filter(({ event }) => event === "no-step-down").length, 1);
  t.same(stage.violations(), []);
});
