import { existsSync, readFileSync, writeFileSync } from "node:fs";
import t from "tap";
import { startEtcd } from "../helpers/etcd-server.js";
import { isAlive } from "../helpers/processes.js";
import { until } from "../helpers/until.js";
import type { Wrapper } from "../helpers/wrapper.js";
import { monotonic, namesAfter, newestValidity, Stage, TERMINATED, tokenOf, WIDE_MARGIN } from "./stage.js";

// Each test has an election of its own, or an etcd if that must fail, and mostly waits.
t.jobs = 2;
const etcd = await startEtcd({ t });
/** A candidate and its hook take their time to start on a busy machine. */
const PATIENT = { timeoutMs: 30_000 };

/** Lines of a file, none while it is not there. */
const lines = (file: string): string[] => (existsSync(file) ? readFileSync(file, "utf8").trimEnd().split("\n") : []);
/** Says its part, reason and status in the file. */
const says = (part: string, file: string): string =>
  `echo "${part} $WHILE_LEADER_REASON $WHILE_LEADER_STATUS" | sed 's/ *$//' >> ${file}`;
/** A hook that hangs together with a daemon in a session of its own; their process ids are two lines of the file. */
const hangs = (file: string): string =>
  `trap '' TERM; setsid sh -c 'trap "" TERM; echo $$ >> ${file}; while :; do sleep 1; done' & ` +
  `echo $$ >> ${file}; while :; do sleep 1; done`;
const pidsIn = (file: string): Promise<number[]> =>
  until("the hook and its daemon", () => (lines(file).length === 2 ? lines(file).map(Number) : undefined), PATIENT);
const count = (candidate: Wrapper, name: string): number =>
  candidate.events.filter(({ event }) => event === name).length;

void t.test("on-elected, then the command, then on-resigned, and only then is the key deleted", async (t) => {
  const stage = new Stage(t, etcd);
  const said = `${stage.folder}/said`;
  const etcdctl = `ETCDCTL_API=3 ${etcd.etcdctlFile} ${etcd.flags.join(" ")}`;
  const stands = `${etcdctl} get --prefix --print-value-only ${stage.election}/ >> ${said}`;
  const args = ["--on-elected", says("elected", said), "--on-resigned", `${says("resigned", said)}; ${stands}`];
  const a = stage.candidate("a", { args, command: ["sh", "-c", `echo command >> ${said}; exit 3`] });
  t.match(await a.exitedWithin(), { code: 3 });
  t.same(lines(said), ["elected elected", "command", "resigned ended 3", "a"]);
  t.same(await stage.keys(), []);
  t.match(await a.event("hook-started", { where: ({ hook }) => hook === "on-resigned" }), { reason: "ended" });
});

void t.test("a hook is of the term: it has the token, and a restart is not another term", async (t) => {
  const stage = new Stage(t, etcd);
  const said = `${stage.folder}/said`;
  const args = ["--on-elected", `echo $WHILE_LEADER_REVISION >> ${said}`, "--restart", "on-failure"];
  const a = stage.candidate("a", { args: [...args, "--max-restarts", "2"], command: ["sh", "-c", "exit 3"] });
  t.match(await a.exitedWithin(), { code: 3 });
  t.equal(count(a, "started"), 3);
  t.same(lines(said), [tokenOf(await a.event("elected")).toString()]);
});

void t.test("a failed on-elected: undone, the next one leads, and the failed one queues again", async (t) => {
  const stage = new Stage(t, etcd);
  const said = `${stage.folder}/said`;
  const go = `${stage.folder}/go`;
  const fails = `until test -e ${go}; do sleep 0.05; done; exit 4`;
  const a = stage.candidate("a", { args: ["--on-elected", fails, "--on-resigned", says("resigned", said)] });
  await a.event("hook-started");
  const b = await stage.standby("b");
  writeFileSync(go, "");
  t.match(await a.event("hook-failed"), { level: "warn", hook: "on-elected", error: "status 4" });
  await stage.beating(b);
  const rejoining = await a.event("rejoining");
  t.ok(Number(rejoining.delay) >= 500);
  await a.event("standby", { after: rejoining });
  t.same(lines(said), ["resigned hook-failed"]);
  t.equal(count(a, "started"), 0);
  t.same(await stage.identities(), ["b", "a"]);
});

void t.test("pauses grow with each failure in a row, and a stop ends one at once", async (t) => {
  const stage = new Stage(t, etcd);
  const a = stage.candidate("a", { args: ["--on-elected", "exit 4"] });
  const third = await a.event("rejoining", { where: ({ delay }) => Number(delay) >= 2_000 });
  t.equal(a.events.filter(({ event }) => event === "rejoining").indexOf(third), 2);
  t.same(await stage.keys(), []);
  a.kill("SIGTERM");
  t.match(await a.exitedWithin(), { code: TERMINATED });
});

void t.test("an on-elected that hangs is killed with all it started, and has failed", async (t) => {
  const stage = new Stage(t, etcd);
  const pids = `${stage.folder}/pids`;
  const a = stage.candidate("a", { args: ["--on-elected", hangs(pids), "--hook-timeout", "3s"] });
  const hung = await pidsIn(pids);
  t.match(await a.event("hook-failed"), { hook: "on-elected", error: /--hook-timeout/ });
  await a.event("resigned");
  t.same(hung.filter(isAlive), []);
});

void t.test("what on-elected leaves behind is ended before the command is started", async (t) => {
  const stage = new Stage(t, etcd);
  const pid = `${stage.folder}/pid`;
  const a = await stage.leader("a", { args: ["--on-elected", `sleep 300 & echo $! > ${pid}`] });
  t.notOk(isAlive(Number(lines(pid)[0])));
  t.notOk(a.events.some(({ event }) => event === "killing"));
});

void t.test("a stop signal while on-elected runs: it is stopped and undone, nothing is started", async (t) => {
  const stage = new Stage(t, etcd);
  const said = `${stage.folder}/said`;
  const hook = (trap: string): string => `trap ${trap} TERM; echo ready >> ${said}; while :; do sleep 0.05; done`;
  const heeds = hook(`'echo stopped >> ${said}; exit 0'`);
  const args = ["--on-resigned", says("resigned", said), "--kill-after", "1s", "--hook-timeout", "1h"];
  const a = stage.candidate("a", { args: ["--on-elected", heeds, ...args] });
  await until("the hook", () => lines(said).includes("ready"), PATIENT);
  a.kill("SIGINT");
  t.match(await a.exitedWithin(), { code: 130 });
  t.same(lines(said), ["ready", "stopped", "resigned SIGINT"]);
  t.same(await stage.keys(), []);
  const deaf = stage.candidate("b", { args: ["--on-elected", hook("''"), ...args] });
  await until("the deaf hook", () => lines(said).filter((line) => line === "ready").length === 2, PATIENT);
  deaf.kill("SIGTERM");
  await deaf.event("killing");
  t.match(await deaf.exitedWithin(), { code: TERMINATED });
  t.same(lines(said).slice(3), ["ready", "resigned SIGTERM"]);
  t.equal(count(a, "started") + count(deaf, "started"), 0);
});

void t.test("an on-resigned that fails or hangs does not keep leadership, nor does a second signal", async (t) => {
  const stage = new Stage(t, etcd);
  const pids = `${stage.folder}/pids`;
  const args = ["--hook-timeout", "3s", "--on-resigned"];
  const a = await stage.leader("a", { args: [...args, hangs(pids)] });
  const b = await stage.standby("b", { args: [...args, "exit 5"] });
  a.kill("SIGTERM");
  const hung = await pidsIn(pids);
  t.same(await stage.identities(), ["a", "b"], "it leads as long as the hook runs");
  a.kill("SIGTERM");
  t.match(await a.exitedWithin(), { code: TERMINATED });
  t.match(await a.event("hook-failed"), { level: "warn", hook: "on-resigned", error: /--hook-timeout/ });
  t.same(hung.filter(isAlive), []);
  await stage.beating(b);
  b.kill("SIGTERM");
  t.match(await b.exitedWithin(), { code: TERMINATED });
  t.match(await b.event("hook-failed"), { hook: "on-resigned", error: "status 5" });
  t.match(await b.event("resigned"), { acknowledged: true });
});

for (const hook of ["on-elected", "on-resigned"] as const) {
  void t.test(`etcd freezes while ${hook} runs: all of it is killed before the lease can run out`, async (t) => {
    const failing = await startEtcd({ t });
    const stage = new Stage(t, failing, { ttl: 3 });
    const beats = stage.workload("--ignore-term").join(" ");
    const args = [`--${hook}`, `setsid ${beats} & exec ${beats}`, "--hook-timeout", "1h", "--on-lost", "exit"];
    const a = stage.candidate("a", { args: [...args, ...WIDE_MARGIN], command: ["sh", "-c", "exit 3"] });
    const beating = (): number[] => [...new Set(stage.beats().map(({ pid }) => pid))];
    const pids = await until(
      "beats of the hook and of its daemon",
      () => (beating().length > 1 ? beating() : undefined),
      PATIENT,
    );
    await failing.member.freeze();
    t.teardown(() => failing.member.thaw());
    const killing = await a.event("killing");
    t.match(await a.exitedWithin(), { code: hook === "on-elected" ? 75 : 3 });
    t.same(pids.filter(isAlive), []);
    t.match(await a.event("lost"), { reason: "expired" });
    const renewed = newestValidity(a);
    const last = stage.beats().at(-1)?.at ?? Infinity;
    t.ok(last < monotonic(renewed) + Number(renewed.left), "no beat past the validity");
    t.notOk(namesAfter(a, killing).includes("started"));
  });
}

void t.test("our key is deleted: nothing is undone any more, and that is said", async (t) => {
  const stage = new Stage(t, etcd);
  const said = `${stage.folder}/said`;
  const a = await stage.leader("a", { args: ["--on-resigned", says("resigned", said), "--on-lost", "exit"] });
  await etcd.etcdctl("del", (await stage.keyOf("a")).key);
  t.match(await a.event("hook-failed"), { hook: "on-resigned", error: /another host may lead/ });
  t.match(await a.exitedWithin(), { code: 75 });
  t.same(lines(said), []);
});

for (const hook of ["on-elected", "on-resigned"] as const) {
  void t.test(`while-leader is killed while ${hook} runs: that is gone before the next one leads`, async (t) => {
    const stage = new Stage(t, etcd);
    const pids = `${stage.folder}/pids`;
    const a = stage.candidate("a", { args: [`--${hook}`, hangs(pids), "--hook-timeout", "1h"] });
    if (hook === "on-resigned") {
      await stage.beating(a);
      a.kill("SIGTERM");
    }
    const hung = await pidsIn(pids);
    const { lease } = await stage.keyOf("a");
    const b = await stage.standby("b");
    a.kill("SIGKILL");
    // The lease of 10 s would let it wait for longer.
    await b.event("elected", { timeoutMs: 5_000 });
    t.same(hung.filter(isAlive), []);
    t.match(await a.event("resigned"), { lease, acknowledged: true });
  });
}

void t.test("leaders follow each other: never two of their hooks and commands at once", async (t) => {
  const stage = new Stage(t, etcd);
  const [beats = "", file = ""] = stage.workload();
  const hook = `${beats} ${file} & until grep -q " $! beat" ${file}; do sleep 0.02; done; kill -9 $!; wait; true`;
  const args = ["--on-elected", hook, "--on-resigned", hook];
  const a = stage.candidate("a", { args });
  await a.event("started");
  const others = [await stage.standby("b", { args }), await stage.standby("c", { args })];
  let leader = a;
  for (const next of others) {
    await stage.nextBeat();
    leader.kill("SIGTERM");
    await next.event("started");
    t.match(await leader.exitedWithin(), { code: TERMINATED });
    leader = next;
  }
  const runs = new Set(stage.beats().map(({ token, pid }) => `${token} ${pid}`));
  t.ok(runs.size >= 7, "hooks and commands of three terms have beaten");
  t.same(stage.violations(), []);
});
