import { spawnSync } from "node:child_process";
import t from "tap";
import { startEtcd } from "../helpers/etcd-server.js";
import { fixture, projectPath } from "../helpers/paths.js";
import { asPid1, needsPid1 } from "../helpers/pid1.js";
import { isAlive, processRow, type Row } from "../helpers/processes.js";
import { until } from "../helpers/until.js";
import { runToEnd, startWrapper, type Wrapper } from "../helpers/wrapper.js";
import { cpuSeconds, mask } from "./proc.js";
import { count, needsLinux, reach, WAYS } from "./ways.js";

const etcd = startEtcd({ t });
const orphans = fixture("orphans.pl");
const entry = projectPath("dist/test/peers/launches.js");

const tini = spawnSync("tini", ["--version"]);
const needsTini = tini.status === 0 ? needsPid1 : { skip: "no tini here" };

/** The command, and the orphans that fell to while-leader. */
async function childrenOf(wrapper: Wrapper, init: number, outer: (pid: number) => number) {
  const command = outer(Number((await wrapper.event("started"))["pid"]));
  const fallen = wrapper.descendants().filter(({ pid, ppid }) => ppid === init && pid !== command);
  return { command, fallen };
}

/** Whatever happens in `meanwhile` while-leader learns in one moment, by one SIGCHLD. */
async function atOnce(pid: number, meanwhile: () => void): Promise<void> {
  process.kill(pid, "SIGSTOP");
  await until("it to be stopped", () => processRow(pid)?.state === "T");
  meanwhile();
  process.kill(pid, "SIGCONT");
}

const killAll = (rows: readonly Pick<Row, "pid">[]): void => rows.forEach(({ pid }) => process.kill(pid, "SIGKILL"));

for (const [who, under, options] of WAYS) {
  for (const before of [true, false]) {
    const when = before ? "just before it" : "just after it";
    const title = `as ${who}: the command's death is seen although orphans died ${when} (openSUSE/catatonit#4)`;
    await t.test(title, options, async (t) => {
      const wrapper = startWrapper([orphans, "20"], { t, under, stdin: "pipe" });
      await wrapper.stdoutLine("ready");
      const { pid, outer } = await reach(wrapper, under);
      const { command, fallen } = await childrenOf(wrapper, pid, outer);
      t.equal(fallen.length, 20);
      await atOnce(pid, () => killAll(before ? [...fallen, { pid: command }] : [{ pid: command }, ...fallen]));
      t.match(await wrapper.exitedWithin(), { code: 137 });
      t.equal(count(wrapper, "exited"), 1);
    });
  }

  await t.test(
    `as ${who}: a dead command that is Node's to reap neither hides the orphans nor costs time (opensandbox-group/OpenSandbox#1414)`,
    options,
    async (t) => {
      const stays = `trap '' TERM; sleep 300 & exec ${orphans} 100`;
      const wrapper = startWrapper(["--kill-after", "60s", "sh", "-c", stays], { t, under, stdin: "pipe" });
      await wrapper.stdoutLine("ready");
      const { pid, outer } = await reach(wrapper, under);
      const { command, fallen } = await childrenOf(wrapper, pid, outer);
      t.equal(fallen.length, 100);
      const before = cpuSeconds(pid);
      await atOnce(pid, () => {
        killAll([{ pid: command }, ...fallen]);
        for (const name of ["SIGHUP", "SIGUSR1", "SIGUSR2", "SIGWINCH"] as const) process.kill(pid, name);
      });
      await wrapper.event("exited");
      const dead = [command, ...fallen.map((row) => row.pid)];
      await until("no zombie to be left", () => dead.every((one) => processRow(one)?.ppid !== pid));
      t.ok(cpuSeconds(pid) - before < 0.5, `${cpuSeconds(pid) - before} s`);
      // What stays ignores SIGTERM: it has kept while-leader here so far.
      killAll(wrapper.descendants().filter(({ ppid }) => ppid === pid));
      t.match(await wrapper.exitedWithin(), { code: 137 });
    },
  );

  await t.test(
    `as ${who}: no exit status is lost to the reaper (fpco/pid1#2, ramr/go-reaper#11, doitintl/secrets-init#13)`,
    options,
    async (t) => {
      // Every status there is, each in the moment in which orphans die too.
      const statuses = Array.from({ length: 256 }, (_, index) => index);
      const commands = statuses.map((status) => ["sh", "-c", `(: &); exit ${status}`]);
      const { stdout } = await runToEnd([JSON.stringify(commands)], { entry, under, timeoutMs: 40_000 });
      t.equal(stdout, `${JSON.stringify(statuses)}\nnone left\n`);
    },
  );

  await t.test(`as ${who}: having no children is no error (phusion/baseimage-docker#78)`, options, async (t) => {
    // With an election there are none before the command and after it.
    const args = ["-n", "jobs", ...(await etcd).flags, "sh", "-c", "(true &); read line; exit 1"];
    const wrapper = startWrapper(args, { t, under, stdin: "pipe" });
    await wrapper.event("started");
    const { pid } = await reach(wrapper, under);
    await until("the reaper to be there", () => mask(pid, "SigIgn").has("SIGTTOU"));
    wrapper.stdin?.write("\n");
    const { code } = await wrapper.exitedWithin();
    t.equal(code, 1);
    t.same(
      wrapper.events.filter(({ level }) => level !== "info"),
      [],
    );
    t.equal(count(wrapper, "resigned"), 1);
  });
}

for (const [who, under, options, env] of [
  // Where nobody reaps, they are still there when all others have gone.
  ["PID 1 without koffi", asPid1, needsPid1, { NODE_OPTIONS: `--import=${fixture("no-koffi.js")}` }],
  ["another process", [], needsLinux, {}],
] as const) {
  await t.test(
    `as ${who}: zombies of a parent that does not wait hold nothing up (krallin/tini#130, #138)`,
    options,
    async (t) => {
      const careless = 'for (1..5) { exit unless fork // die } $| = 1; print "ready\\n"; sleep 300';
      const wrapper = startWrapper(["--kill-after", "60s", "perl", "-e", careless], { t, under, env });
      await wrapper.stdoutLine("ready");
      (await reach(wrapper, under)).kill("SIGTERM");
      t.match(await wrapper.exitedWithin(), { code: 143 });
    },
  );
}

for (const [who, under, options] of [
  ["another process", [], needsLinux],
  ["tini's child", [...asPid1, "tini", "--"], needsTini],
] as const) {
  await t.test(
    `as ${who}: orphans that nothing else tells of fall to it, without a warning (krallin/tini#141, #7)`,
    options,
    async (t) => {
      const script = `${fixture("leaves-daemon.sh")} --clean-env --exit 0 && echo both && read line; exit 3`;
      const wrapper = startWrapper(["--kill-after", "200ms", "sh", "-c", script], { t, under, stdin: "pipe" });
      await wrapper.stdoutLine("both");
      const { outer } = await reach(wrapper, under);
      const daemon = outer(Number(/^daemon (\d+)$/m.exec(wrapper.stdout)?.[1]));
      const starting = await wrapper.event("starting");
      t.equal(processRow(daemon)?.ppid, outer(Number(starting["pid"])));
      wrapper.stdin?.write("\n");
      const exiting = await wrapper.event("exiting");
      t.notOk(isAlive(daemon), "gone before the exit");
      t.match(exiting, { status: 3 });
      t.same(
        wrapper.events.filter(({ level }) => level !== "info").map(({ event }) => event),
        ["no-election", "killing"],
      );
    },
  );
}
