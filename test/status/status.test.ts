import t from "tap";
import { startEtcd } from "../helpers/etcd-server.js";
import { isAlive, signalProcess } from "../helpers/processes.js";
import { until } from "../helpers/until.js";
import { runToEnd, startWrapper, type Wrapper } from "../helpers/wrapper.js";
import { guardOf } from "../guard/guard-of.js";
import { renewals, Stage } from "../integration/stage.js";
import { ask } from "./asking.js";
import { parseMetrics, sample } from "./exposition.js";

const LISTEN = { args: ["--listen", "127.0.0.1:0"] };

/** What is read is up to 200 ms old. */
const SELDOM = { everyMs: 300 };

// Each mostly waits.
t.jobs = 3;
const etcd = await startEtcd({ t });

/** Where it listens. */
async function portOf(candidate: Wrapper): Promise<number> {
  const { address } = await candidate.event("listening");
  return Number(String(address).split(":").at(-1));
}

async function probe(port: number, endpoint: string): Promise<number | null> {
  return (await runToEnd(["--listen", `127.0.0.1:${port}`, "--probe", endpoint], { text: true })).code;
}

/** Reads a metric by name and labels. */
async function metricsOf(port: number): Promise<(name: string, labels?: Record<string, string>) => number | undefined> {
  const { status, body, headers } = await ask(port, "/metrics");
  if (status !== 200 || !String(headers["content-type"]).startsWith("text/plain; version=0.0.4"))
    throw new Error(`no metrics: ${status} ${body}`);
  const parsed = parseMetrics(body);
  return (name, labels) => sample(parsed, name, labels);
}

/** What does not change from one moment to the next. */
function withoutTimes(roll: string): unknown {
  return JSON.parse(roll, (name, value: unknown) => (name === "time" || name === "left" ? undefined : value));
}

void t.test("leader and standby are healthy, the leader alone is ready, both know who leads", async (t) => {
  const stage = new Stage(t, etcd);
  const a = await stage.leader("a", LISTEN);
  const b = await stage.standby("b", LISTEN);
  const [first, second] = [await portOf(a), await portOf(b)];
  t.match(await ask(first, "/livez"), { status: 200, body: "ok\n" });
  t.match(await ask(first, "/readyz"), { status: 200, body: "ok\n" });
  t.match(await ask(second, "/livez"), { status: 200, body: "ok\n" });
  t.match(await ask(second, "/readyz"), { status: 503, body: "standby\n" });
  const { election } = stage;
  for (const port of [first, second]) {
    const { status, headers, body } = await ask(port, "/leader");
    t.match({ status, headers }, { status: 200, headers: { "content-type": "application/json" } });
    const who = await runToEnd(["-n", election, "--endpoints", etcd.endpoints, "--who", "--json"], { text: true });
    t.match(JSON.parse(who.stdout), { leader: { identity: "a" }, queue: [{ identity: "b" }] });
    t.same(withoutTimes(body), withoutTimes(who.stdout), "the same as --who");
  }
  t.equal((await metricsOf(first))("is_leader", { election }), 1);
  t.equal((await metricsOf(second))("is_leader", { election }), 0);
  const asked = [probe(first, "livez"), probe(first, "readyz"), probe(second, "livez"), probe(second, "readyz")];
  t.same(await Promise.all(asked), [0, 0, 0, 1]);
  a.kill("SIGTERM");
  await b.event("started");
  await until("b to be ready", async () => (await ask(second, "/readyz")).status === 200);
  await a.exitedWithin();
  await t.rejects(ask(first, "/livez"), { code: "ECONNREFUSED" });
  t.same(await Promise.all([probe(first, "livez"), probe(first, "readyz")]), [1, 1]);
});

void t.test("a candidate without etcd is healthy, not ready, and knows nobody", async (t) => {
  const stage = new Stage(t, etcd);
  const a = stage.candidate("a", { ...LISTEN, endpoints: "127.0.0.1:1" });
  const port = await portOf(a);
  await a.event("unreachable");
  t.match(await ask(port, "/livez"), { status: 200 });
  t.match(await ask(port, "/readyz"), { status: 503, body: "connecting\n" });
  t.match(await ask(port, "/leader"), { status: 503, body: /^cannot reach etcd at .*\n$/ });
});

void t.test("who leads is told also while etcd is silent: that it cannot be told, and no renewal minds", async (t) => {
  const own = await startEtcd({ t });
  const stage = new Stage(t, own);
  const a = await stage.leader("a", LISTEN);
  const port = await portOf(a);
  t.match(await ask(port, "/leader"), { status: 200 });
  await own.member.freeze();
  const silent = await until("another answer", async () => {
    const answer = await ask(port, "/leader");
    return answer.status !== 200 && answer;
  });
  t.match(silent, { status: 503, body: /^[^\n]+\n$/ });
  await own.member.thaw();
  await until("the leader again", async () => (await ask(port, "/leader")).status === 200);
  await renewals(a, 1);
  t.notOk(a.events.some(({ event }) => event === "lost"));
});

void t.test("while the command stops it is not ready, and leads until etcd has its key back", async (t) => {
  const stage = new Stage(t, etcd);
  const command = ["sh", "-c", 'trap "" TERM; echo ready; while :; do sleep 0.1; done'];
  const a = await stage.leader("a", { command, args: [...LISTEN.args, "--kill-after", "5s"] });
  const port = await portOf(a);
  await until("a to be ready", async () => (await ask(port, "/readyz")).status === 200);
  a.kill("SIGTERM");
  await a.event("stopping");
  t.match(await ask(port, "/livez"), { status: 200 });
  t.match(await ask(port, "/readyz"), { status: 503, body: "stopping\n" });
  t.match(await ask(port, "/leader"), { status: 200, body: /"leader":\{"identity":"a"/ });
  const value = await metricsOf(port);
  t.equal(value("is_leader"), 1);
  t.ok(Number(value("validity_seconds")) > 0, "the lease is still renewed");
});

void t.test("metrics agree with the log: terms, losses, renewals, exits, hand-overs, guard", async (t) => {
  const stage = new Stage(t, etcd);
  const a = await stage.leader("a", LISTEN);
  const port = await portOf(a);
  // Two guards that die at once are a lost term, and so is a key that somebody deletes.
  const guard = await guardOf(a.pid);
  signalProcess(guard, "SIGKILL");
  signalProcess(await guardOf(a.pid, guard), "SIGKILL");
  const lost = await a.event("lost");
  await stage.beating(a, { after: lost });
  await etcd.etcdctl("del", (await stage.keyOf("a")).key);
  await stage.beating(a, { after: await a.event("lost", { after: await a.event("started", { after: lost }) }) });
  await renewals(a, 2);
  const value = await until(
    "metrics between two events",
    async () => {
      const seen = a.events.length;
      const read = await metricsOf(port);
      await ask(port, "/livez"); // what was logged before the answer has been read by now
      return seen === a.events.length && read;
    },
    SELDOM,
  );
  const count = (name: string, where: Record<string, unknown> = {}) =>
    a.events.filter(
      (event) => event.event === name && Object.entries(where).every(([key, want]) => event[key] === want),
    ).length;
  t.equal(value("terms_total"), count("elected"));
  t.ok(count("elected") >= 3);
  for (const reason of ["expired", "lease-gone", "key-gone"])
    t.equal(value("lost_terms_total", { reason }), count("lost", { reason }), reason);
  t.ok(count("lost", { reason: "key-gone" }) >= 1);
  t.equal(value("renewals_total", { result: "confirmed" }), count("renewed"));
  t.equal(value("renewals_total", { result: "failed" }), count("renewal-failed"));
  t.equal(value("renewal_seconds_count"), count("renewed"));
  const took = a.events.filter(({ event }) => event === "renewed").reduce((sum, event) => sum + Number(event.took), 0);
  t.ok(took > 0 && Math.abs(Number(value("renewal_seconds_sum")) * 1_000 - took) < 1, `${took} ms`);
  t.equal(value("workload_exits_total", { status: "137" }) ?? 0, count("exited", { signal: "SIGKILL" }));
  t.equal(value("hand_over_seconds_count"), count("resigned", { acknowledged: true }));
  t.equal(value("guard_deaths_total"), count("guard-died"));
  t.equal(value("guard_kills_total"), count("guard-fired"));
  t.equal(value("is_leader"), 1);
  t.ok(Number(value("validity_seconds")) > 2 && Number(value("validity_seconds")) <= 9.9);
});

void t.test(
  "whoever is stopped is not healthy, and tells afterwards that the guard has killed its command",
  async (t) => {
    const stage = new Stage(t, etcd, { ttl: 3 });
    const a = await stage.leader("a", LISTEN);
    const port = await portOf(a);
    const { pid } = await stage.nextBeat();
    a.kill("SIGSTOP");
    t.equal(await probe(port, "livez"), 1);
    await until("the end of the command", () => !isAlive(pid));
    a.kill("SIGCONT");
    await a.event("guard-fired");
    await stage.beating(a, { after: await a.event("lost") });
    await until("a new reading", async () => (await metricsOf(port))("guard_kills_total") === 1, SELDOM);
    const value = await metricsOf(port);
    t.equal(value("lost_terms_total", { reason: "expired" }), 1);
    t.equal(value("workload_exits_total", { status: "137" }), 1);
    t.equal(await probe(port, "livez"), 0);
  },
);

void t.test("without an election it is ready when the command runs", async (t) => {
  const a = startWrapper([...LISTEN.args, "sleep", "300"], { t });
  const port = await portOf(a);
  await a.event("started");
  t.match(await ask(port, "/readyz"), { status: 200 });
  t.equal((await metricsOf(port))("is_leader"), 1);
  t.match(await ask(port, "/leader"), { status: 404 });
});
