import t from "tap";
import { fixture } from "../helpers/paths.js";
import { signalProcess } from "../helpers/processes.js";
import { allGone, BEATS, needs, Package, runs } from "./npm.js";

const npm = await needs("npm");
const SHELLS = (await runs("bash")) ? ["sh", "bash"] : ["sh"];
const here = new Package(t, {
  start: "while-leader",
  nested: "npx --no-install while-leader",
  // With a second command every shell stays, and waits.
  stays: 'while-leader --log-format json --kill-after 1s "$COMMAND"; exit $?',
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
      if (signal === "SIGINT" && target === "npm alone") continue;
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

void t.test("npm killed before the wrapper began is noticed", npm, async (t) => {
  const wrapper = here.start(t, ["npm", "run", "late"], [], { text: true, stdin: "pipe" });
  await wrapper.stdoutLine("waiting");
  wrapper.kill("SIGKILL");
  await wrapper.exitedWithin();
  wrapper.stdin?.write("begin\n");
  t.match(await wrapper.event("exiting"), { status: 143 });
  await allGone(wrapper);
});
