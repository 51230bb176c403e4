import { constants } from "node:os";
import t from "tap";
import { fixture, projectPath } from "../helpers/paths.js";
import { asPid1, needsPid1 } from "../helpers/pid1.js";
import { runToEnd, startWrapper } from "../helpers/wrapper.js";
import { reach, WAYS } from "./ways.js";

t.jobs = 2;

const exits = fixture("exit-with.sh");
const entry = projectPath("dist/test/peers/launches.js");

// What the kernel ends a process with, if that does nothing about it. (Those from 32 on have no names, and are another matter.)
const harmless = new Set(["CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "WINCH"].map((name) => `SIG${name}`));
const numbers = Object.entries(constants.signals).map(([name, number]) => (harmless.has(name) ? 0 : number));
const deadly = [...new Set(numbers)].filter((number) => number > 0);

for (const [who, under, options] of WAYS) {
  void t.test(
    `as ${who}: death by signal n is 128+n, whichever n is (Yelp/dumb-init#59, npm/npm#4110, kentcdodds/cross-env#150)`,
    { ...options },
    async (t) => {
      t.ok(deadly.length >= 20);
      const commands = deadly.map((number) => ["sh", "-c", `ulimit -c 0; kill -${number} $$`]);
      const { stdout } = await runToEnd([JSON.stringify(commands)], { entry, under });
      t.equal(stdout, `${JSON.stringify(deadly.map((number) => 128 + number))}\nnone left\n`);
    },
  );

  void t.test(
    `as ${who}: a command killed from outside has not succeeded (phusion/baseimage-docker#583)`,
    { ...options },
    async (t) => {
      const wrapper = startWrapper(["sleep", "300"], { t, under });
      const { pid } = await wrapper.event("started");
      process.kill((await reach(wrapper, under)).outer(Number(pid)), "SIGKILL");
      t.match(await wrapper.event("exited"), { signal: "SIGKILL" });
      t.match(await wrapper.exitedWithin(), { code: 137 });
    },
  );

  void t.test(
    `as ${who}: a signal of the command's end is told by the status alone (tapjs/foreground-child#71, openai/codex#24556)`,
    { ...options },
    async (t) => {
      // Whoever raised it on itself would be caught by this, and end with 0.
      const listens = "process.on('SIGTERM', () => process.exit(0))";
      const env = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(listens)}` };
      const { code, signal } = await runToEnd([exits, "TERM"], { under, env });
      t.match({ code, signal }, { code: 143, signal: null });
    },
  );
}

void t.test("as PID 1: an abort is told as such (moby/moby#30593)", { ...needsPid1 }, async (t) => {
  const { code, events } = await runToEnd(["sh", "-c", "ulimit -c 0; kill -ABRT $$"], { under: asPid1 });
  t.equal(code, 134);
  t.match(events.at(-2), { event: "exited", signal: "SIGABRT" });
});

void t.test("as PID 1: a status of 127 is the command's own (openSUSE/catatonit#5)", { ...needsPid1 }, async (t) => {
  const { code, events } = await runToEnd([exits, "127"], { under: asPid1 });
  t.equal(code, 127);
  t.match(events.at(-2), { event: "exited", status: 127 });
});

void t.test(
  "as PID 1: a status is no wait status, also through a second one (phusion/baseimage-docker#45, just-containers/s6-overlay#320)",
  { ...needsPid1 },
  async (t) => {
    const nested = [process.execPath, projectPath("dist/bin/while-leader.cjs")];
    for (const [words, status] of [
      [["42"], 42],
      [["TERM"], 143],
    ] as const) {
      const { code } = await runToEnd([...nested, exits, ...words], { under: asPid1 });
      t.equal(code, status);
    }
  },
);

void t.test("a command that dies of SIGINT has not succeeded (phusion/baseimage-docker#358)", async (t) => {
  const wrapper = startWrapper(["sleep", "300"], { t });
  await wrapper.event("started");
  wrapper.kill("SIGINT");
  t.match(await wrapper.exitedWithin(), { code: 130, signal: null });
});
