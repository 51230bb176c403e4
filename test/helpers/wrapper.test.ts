import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test, type Test } from "tap";
import { readBeats, violations } from "./beats.js";
import { fixture } from "./paths.js";
import { isAlive } from "./processes.js";
import { until } from "./until.js";
import { runToEnd, startWrapper } from "./wrapper.js";

// In the place of while-leader, of which these tests say nothing.
const entry = fixture("says-events.js");

await test("log lines are events, to be waited for before and after they come", async (t) => {
  const wrapper = startWrapper([fixture("signals.js"), "--exit-on", "SIGUSR2=7"], { t, entry });
  const started = await wrapper.event("started");
  t.equal(await wrapper.event("started"), started, "one that came before");
  t.match(started, { level: "info", pid: Number, seenAt: Number });
  await wrapper.stdoutLine("ready");
  t.ok(isAlive(Number(started.pid)));
  process.kill(Number(started.pid), "SIGUSR1");
  t.equal(await wrapper.stdoutLine(/^SIG/), "SIGUSR1");
  process.kill(Number(started.pid), "SIGUSR2");
  t.match(await wrapper.event("exited", { after: started, where: ({ status }) => status === 7 }), { status: 7 });
  t.match(await wrapper.exited, { code: 7, signal: null });
  t.same(
    wrapper.events.map(({ event }) => event),
    ["starting", "started", "exited", "exiting"],
  );
  t.equal(wrapper.stdout, "ready\nSIGUSR1\nSIGUSR2\n");
  t.notOk(wrapper.kill("SIGTERM"));
});

await test("a wait that is in vain says what came instead", async (t) => {
  const wrapper = startWrapper(["sleep", "300"], { t, entry });
  const { pid } = await wrapper.event("started");
  await t.rejects(wrapper.event("elected", { timeoutMs: 50 }), {
    message: /50 ms in vain for the event "elected"\n.*starting/,
  });
  await t.rejects(wrapper.stdoutLine("ready", 50), { message: /in vain for a line ready\n/ });
  const later = wrapper.event("elected");
  process.kill(Number(pid), "SIGKILL");
  await t.rejects(later, { message: /^the child ended \(status 1\) without the event "elected"\n[^]*exiting/ });
});

await test("end leaves nothing behind: not the command, not its daemons", async (t) => {
  const wrapper = startWrapper([fixture("leaves-daemon.sh"), "--clean-env"], { t, entry });
  await wrapper.stdoutLine("ready");
  const { pid } = await wrapper.event("started");
  const left = [...wrapper.stdout.matchAll(/^(?:daemon|job) (\d+)$/gm)].map(([, number]) => Number(number));
  const all = [wrapper.pid, Number(pid), ...left];
  t.equal(all.length, 4);
  t.same(all.filter(isAlive), all);
  // The daemon has neither our mark in its environment nor an ancestor of ours: it can be found by nobody but itself.
  const clean = left[0] ?? 0;
  const seen = wrapper.descendants().map((row) => row.pid);
  t.same(new Set(seen), new Set(all.filter((one) => one !== clean)));
  await wrapper.end();
  t.same(all.filter(isAlive), [clean]);
  process.kill(clean, "SIGKILL");
  await wrapper.end();
});

await test("runToEnd has all that was printed, and its environment is clean", async (t) => {
  const own = { npm_lifecycle_event: "test", WHILE_LEADER_TTL: "1s", ETCDCTL_USER: "me", NODE_EXTRA_CA_CERTS: "/none" };
  Object.assign(process.env, own);
  t.teardown(() => Object.keys(own).forEach((name) => delete process.env[name]));
  const cwd = t.testdir();
  const env = { WHILE_LEADER_TTL: "4s", HOME: undefined };
  const ended = await runToEnd([fixture("print-env.js"), "", "a b"], { entry, cwd, env });
  t.match(ended, { code: 0, signal: null, at: Number, stderr: /"exiting"/ });
  t.equal(ended.events.at(-1)?.event, "exiting");
  const seen = JSON.parse(ended.stdout);
  t.same([seen.args, seen.cwd], [["", "a b"], cwd]);
  t.match(seen.env, { NODE_OPTIONS: "", WHILE_LEADER_TTL: "4s", PATH: String });
  for (const name of ["npm_lifecycle_event", "ETCDCTL_USER", "NODE_EXTRA_CA_CERTS", "HOME"]) t.notOk(name in seen.env);
});

await test("runToEnd ends what takes too long", async (t) => {
  const file = join(t.testdir(), "beats");
  await t.rejects(runToEnd([fixture("beats.js"), file], { entry, timeoutMs: 500 }), {
    message: /in vain for its exit/,
  });
  const beats = readBeats(readFileSync(file, "utf8"));
  t.notOk(isAlive(beats.at(-1)?.pid ?? 0));
});

await test("stdin, another command above, and a log that is text", async (t) => {
  const read = await runToEnd(["cat"], { entry, stdin: { text: "to be read\n" } });
  t.equal(read.stdout, "to be read\n");
  const under = await runToEnd(["sh", "-c", "echo $ABOVE"], { entry, under: ["env", "ABOVE=yes"] });
  t.equal(under.stdout, "yes\n");
  const text = await runToEnd(["true"], { entry, text: true });
  t.equal(text.code, 0);
  t.throws(() => startWrapper([], { cwd: "/no/such/folder" }), { message: /^cannot start / });
});

await test("fixtures keep their word", async (t) => {
  t.equal((await runToEnd([fixture("exit-with.sh"), "42"], { entry })).code, 42);
  const killed = await runToEnd([fixture("exit-with.sh"), "KILL"], { entry });
  t.match(killed.events, [{}, {}, { event: "exited", signal: "SIGKILL" }, {}]);
  t.match(
    (await runToEnd([fixture("show-limits.sh")], { entry })).stdout,
    /^nofile-soft=\d+$[^]*^fds=0 1 .*^nice=0$/ms,
  );
  t.equal((await runToEnd([fixture("leaves-daemon.sh"), "--exit", "3"], { entry })).code, 3);
  await ignoresTerm(t, fixture("ignore-term.sh"));
  await ignoresTerm(t, fixture("beats.js"), join(t.testdir(), "beats"), "--ignore-term");
});

async function ignoresTerm(t: Test, ...command: string[]) {
  const wrapper = startWrapper(command, { t, entry });
  const { pid } = await wrapper.event("started");
  await wrapper.stdoutLine("ready");
  process.kill(Number(pid), "SIGTERM");
  // A signal that is not ignored would be delivered before the next one is sent and answered.
  process.kill(Number(pid), "SIGSTOP");
  await until("it to be stopped", () => wrapper.descendants().some((row) => row.pid === pid && row.state === "T"));
  t.ok(isAlive(Number(pid)));
}

await test("beats of two processes at once are found out", async (t) => {
  const file = join(t.testdir(), "beats");
  const start = (token: string) =>
    startWrapper([fixture("beats.js"), file], { t, entry, env: { WHILE_LEADER_REVISION: token } });
  const first = start("7");
  await first.stdoutLine("ready");
  await first.end();
  const newer = start("9");
  await newer.stdoutLine("ready");
  t.same(violations(readBeats(readFileSync(file, "utf8"))), []);
  const older = start("8");
  await older.stdoutLine("ready");
  await until("the violation", () => violations(readBeats(readFileSync(file, "utf8"))).length > 0);
  // tap removes the folder before it ends them.
  await Promise.all([newer.end(), older.end()]);
});
