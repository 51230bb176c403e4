import { writeFileSync } from "node:fs";
import t from "tap";
import { startEtcd } from "../helpers/etcd-server.js";
import { isAlive } from "../helpers/processes.js";
import { startProxy } from "../helpers/tcp-proxy.js";
import type { LogEvent, Wrapper } from "../helpers/wrapper.js";
import { namesAfter, newest, renewals, Stage, tokenOf } from "./stage.js";

t.jobs = 2;
const etcd = await startEtcd({ t });

/** The command fails at once, again and again. */
const FAILS = ["sh", "-c", "echo ready; exit 3"];
const PATIENT = ["--restart", "on-failure", "--max-restarts", "99"];

/** Waits for a pause of 0.8 s or more between two runs. */
const longPause = (candidate: Wrapper): Promise<LogEvent> =>
  candidate.event("restarting", { where: ({ delay }) => Number(delay) >= 800 });

void t.test("a restart is in the same term: same token, renewals go on, never two at once", async (t) => {
  const stage = new Stage(t, etcd);
  const a = await stage.leader("a", { args: ["--restart", "always"] });
  await stage.standby("b");
  const [key] = await stage.keys();
  for (let runs = 1; runs <= 3; runs++) {
    const before = newest(a, "started");
    process.kill(Number(before?.pid), "SIGKILL");
    await a.event("started", { after: before });
    const { token } = await stage.nextBeat();
    t.equal(token, key?.createRevision);
  }
  await renewals(a, 2);
  t.same((await stage.keys()).map(({ value, createRevision }) => [value, createRevision])[0], [
    "a",
    key?.createRevision,
  ]);
  t.equal(a.events.filter(({ event }) => event === "elected").length, 1);
  t.same(stage.violations(), []);
  a.kill("SIGTERM");
  t.match(await a.exitedWithin(), { code: 143 });
});

void t.test("a crash loop gives the term up, and another host leads", async (t) => {
  const stage = new Stage(t, etcd);
  const args = ["--restart", "on-failure", "--max-restarts", "2"];
  const go = `${stage.folder}/go`;
  const command = ["sh", "-c", `echo ready; until test -e ${go}; do sleep 0.05; done; exit 3`];
  const a = await stage.leader("a", { args, command });
  const b = await stage.standby("b");
  writeFileSync(go, "");
  t.match(await a.exitedWithin(), { code: 3 });
  await stage.beating(b);
  t.equal(a.events.filter(({ event }) => event === "started").length, 3);
  t.match(await a.event("resigned"), { acknowledged: true });
});

void t.test("our key is deleted between two runs: the next run is in a new term", async (t) => {
  const stage = new Stage(t, etcd);
  const a = await stage.leader("a", { args: PATIENT, command: FAILS });
  const pause = await longPause(a);
  const { key, createRevision } = await stage.keyOf("a");
  await etcd.etcdctl("del", key);
  t.match(await a.event("lost", { after: pause }), { reason: "key-gone" });
  const elected = await a.event("elected", { after: pause });
  t.ok(tokenOf(elected) > createRevision);
  t.same(
    a.events.slice(a.events.indexOf(pause), a.events.indexOf(elected)).filter(({ event }) => event === "started"),
    [],
  );
});

void t.test("etcd is away between two runs: 75 with --on-lost exit", async (t) => {
  const stage = new Stage(t, etcd, { ttl: 2 });
  const proxy = await startProxy(etcd.member.clientPort, { t });
  // Each run is longer than a moment in the sense of the pause, which so gets no shorter.
  const a = await stage.leader("a", { endpoints: proxy.url, args: [...PATIENT, "--on-lost", "exit"], command: FAILS });
  await a.event("restarting", { where: ({ delay }) => Number(delay) >= 3_200 });
  proxy.cut();
  const lost = await a.event("lost");
  t.match(lost, { reason: "expired" });
  t.match(await a.exitedWithin(), { code: 75 });
  t.notOk(namesAfter(a, lost).includes("started"));
});

void t.test("while-leader is killed between two runs, or in the second one: the next one leads", async (t) => {
  for (const when of ["between", "within"] as const) {
    const stage = new Stage(t, etcd);
    const command = when === "between" ? FAILS : stage.workload();
    const a = await stage.leader("a", {
      args: PATIENT,
      command: when === "between" ? command : ["sh", "-c", `echo ready; exec ${command.join(" ")}`],
    });
    const b = await stage.standby("b");
    if (when === "between") await longPause(a);
    else {
      const first = newest(a, "started");
      process.kill(Number(first?.pid), "SIGKILL");
      await a.event("started", { after: first });
      await stage.nextBeat();
    }
    const run = Number(newest(a, "started")?.pid);
    t.equal(isAlive(run), when === "within");
    a.kill("SIGKILL");
    const elected = await b.event("elected", { timeoutMs: 5_000 });
    t.notOk(isAlive(run), "before the next one was elected");
    t.equal(tokenOf(elected), (await stage.keyOf("b")).createRevision);
    await stage.beating(b);
    t.same(stage.violations(), []);
  }
});
