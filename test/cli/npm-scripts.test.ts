import t from "tap";
import { fixture } from "../helpers/paths.js";
import { processRow, signalProcess } from "../helpers/processes.js";
import { until } from "../helpers/until.js";
import { allGone, BEATS, needs, Package, parentOf, runs } from "./npm.js";

const npm = await needs("npm");
const SHELLS = (await runs("bash")) ? ["sh", "bash"] : ["sh"];
const here = new Package(t, {
  start: "while-leader",
  nested: "npx --no-install while-leader",
  // With a second command every shell stays, and waits.
  stays: 'while-leader --log-format json --kill-after 1s "$COMMAND"; exit $?',
  sleeps: 'while-leader --log-format json --stop-on TERM sh -c "$SCRIPT"; exit $?',
  late: "echo waiting; read line; while-leader --log-format json sleep 300; exit $?",
});

t.jobs = 3;

for (const shell of SHELLS) {
  for (const program of [
    ["npm", "start", "--"],
    ["npm", "run", "nested", "--"],
  ]) {
    void t.test(`SIGKILL to ${program.slice(0, -1).join(" ")} ends everything, with ${shell}`, npm, async (t) => {
      const wrapper = here.start(t, program, BEATS, { env: { npm_config_script_shell: shell } });
      await wrapper.event("started");
      wrapper.kill("SIGKILL");
      t.match(await wrapper.event("exiting"), { status: 143 });
      await allGone(wrapper);
    });
  }

  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    for (const target of ["npm alone", "the whole group of npm"]) {
      void t.test(`${signal} to ${target} reaches the command once, past a waiting ${shell}`, npm, async (t) => {
        const env = { npm_config_script_shell: shell, COMMAND: fixture("signals.js") };
        const wrapper = here.start(t, ["npm", "run", "stays"], [], { env, text: true, detached: true });
        await wrapper.stdoutLine("ready");
        signalProcess(target === "npm alone" ? wrapper.pid : -wrapper.pid, signal);
        // The command outlives its signal until --kill-after is over: many looks at what npm was told.
        await allGone(wrapper);
        t.same(wrapper.stdout.match(/^SIG.*/gm), [signal]);
      });
    }
  }
}

void t.test("a shell that got what we got, or was stopped and continued, is no news", npm, async (t) => {
  const env = { SCRIPT: "trap 'echo SIGINT' INT; while :; do echo beat; sleep 0.1; done" };
  const wrapper = here.start(t, ["npm", "run", "sleeps"], [], { env, text: true, detached: true });
  const beats = () => wrapper.stdout.match(/^beat$/gm)?.length ?? 0;
  const secondOfBeats = async (before = beats()) => until("a second of beats", () => beats() > before + 10);
  await wrapper.stdoutLine("beat");
  const shell = await parentOf(wrapper);
  // npm would pass it on to the shell a second time.
  for (const pid of [shell, Number((await wrapper.event("starting")).pid)]) signalProcess(pid, "SIGINT");
  await wrapper.stdoutLine("SIGINT");
  await secondOfBeats();
  signalProcess(shell, "SIGSTOP");
  await until("the shell to be stopped", () => processRow(shell)?.state === "T");
  signalProcess(shell, "SIGCONT");
  await secondOfBeats();
  t.same(wrapper.stdout.match(/^SIG.*/gm), ["SIGINT"]);
});

void t.test("npm killed before the wrapper began is noticed", npm, async (t) => {
  const wrapper = here.start(t, ["npm", "run", "late"], [], { text: true, stdin: "pipe" });
  await wrapper.stdoutLine("waiting");
  wrapper.kill("SIGKILL");
  await wrapper.exitedWithin();
  wrapper.stdin?.write("begin\n");
  t.match(await wrapper.event("exiting"), { status: 143 });
  await allGone(wrapper);
});
