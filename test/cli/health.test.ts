import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { isAlive } from "../helpers/processes.js";
import { until } from "../helpers/until.js";
import { startWrapper, type LogEvent } from "../helpers/wrapper.js";

const named = (events: readonly LogEvent[], name: string): LogEvent[] => events.filter(({ event }) => event === name);
const health = (command: string, ...more: string[]): string[] => [
  "--health-cmd",
  command,
  "--health-interval",
  "100ms",
  "--health-retries",
  "2",
  ...more,
];
const SLEEP = ["sh", "-c", "echo ready; exec sleep 300"];
/** Lines of a file, none while it is not there. */
const lines = (file: string): string[] => (existsSync(file) ? readFileSync(file, "utf8").trimEnd().split("\n") : []);

await t.test(
  "a command that stays healthy runs on, and a failure that is followed by a good look is forgotten",
  async (t) => {
    const file = join(t.testdir(), "looks");
    const wrapper = startWrapper([...health(`echo look >> ${file}; test $(($(wc -l < ${file}) % 2)) = 0`), ...SLEEP], {
      t,
    });
    await until("eight looks", () => lines(file).length >= 8);
    t.notOk(wrapper.hasExited);
    t.equal(named(wrapper.events, "stopping").length, 0);
    t.ok(named(wrapper.events, "unhealthy").every(({ failures }) => failures === 1));
  },
);

await t.test(
  "so many failures in a row: the command is stopped as on SIGTERM, and started again in a new term",
  async (t) => {
    const folder = t.testdir();
    const ill = join(folder, "ill");
    const stops = ["sh", "-c", "trap 'echo stopped; exit 0' QUIT; echo ready; while :; do sleep 0.02; done"];
    const wrapper = startWrapper([...health(`! test -e ${ill}`), "--stop-with", "QUIT", ...stops], { t });
    await wrapper.stdoutLine("ready");
    writeFileSync(ill, "");
    t.match(await wrapper.event("unhealthy", { where: ({ failures }) => failures === 2 }), { level: "warn" });
    t.match(await wrapper.event("stopping"), { cause: "unhealthy" });
    await wrapper.stdoutLine("stopped");
    await wrapper.event("rejoining");
    await wrapper.event("started", { after: named(wrapper.events, "started")[0] });
    await until("it to heed signals again", () => wrapper.stdout.split("ready\n").length > 2);
    wrapper.kill("SIGQUIT");
    wrapper.kill("SIGTERM");
    t.match(await wrapper.exitedWithin(), { code: 0 });
  },
);

await t.test(
  "a look that takes too long has failed and is killed with all it started; never two at once",
  async (t) => {
    const file = join(t.testdir(), "looks");
    const command = `echo $$ >> ${file}; sleep 300 & echo $! >> ${file}; wait`;
    const options = health(command, "--health-timeout", "200ms");
    const wrapper = startWrapper([...options, ...SLEEP], { t });
    await wrapper.event("unhealthy");
    const [look = 0, started = 0] = lines(file).map(Number);
    // Before the command is stopped: it has eight seconds for that, these have none.
    await until("the end of the look and of what it started", () => ![look, started].some(isAlive));
    t.match(await wrapper.event("stopping"), { cause: "unhealthy" });
    wrapper.kill("SIGTERM");
    await wrapper.exitedWithin();
    t.same(lines(file).map(Number).filter(isAlive), []);
  },
);

await t.test("failures within --health-start-period do not count until a look was good", async (t) => {
  const file = join(t.testdir(), "looks");
  const command = (failing: string) => `echo look >> ${file}; run=$(wc -l < ${file}); ${failing}`;
  const lenient = health(command("exit 1"), "--health-start-period", "1h");
  const patient = startWrapper([...lenient, ...SLEEP], { t });
  await until("five looks", () => lines(file).length >= 5);
  t.ok(named(patient.events, "unhealthy").every(({ failures }) => failures === 0));
  t.same(named(patient.events, "stopping"), []);
  await patient.end();
  rmSync(file);
  const strict = startWrapper([...health(command("test $run = 2"), "--health-start-period", "1h"), ...SLEEP], { t });
  t.match(await strict.event("stopping"), { cause: "unhealthy" });
});

await t.test("a look has the command's environment, and its output goes to stderr, not to stdout", async (t) => {
  const command = 'echo "seen $SOME $WHILE_LEADER_MARK"';
  const wrapper = startWrapper([...health(command), "sh", "-c", 'echo "mark $WHILE_LEADER_MARK"; exec sleep 300'], {
    t,
    env: { SOME: "thing" },
  });
  const mark = (await wrapper.stdoutLine(/^mark /)).slice(5);
  await until("its output", () => wrapper.stderr.includes(`seen thing ${mark}\n`));
  t.notMatch(wrapper.stdout, /seen/);
});

await t.test("a look that runs as the command ends is ended with it, before the exit", async (t) => {
  const file = join(t.testdir(), "looks");
  const looks = health(`echo $$ > ${file}; exec sleep 300`);
  const wrapper = startWrapper([...looks, "sh", "-c", `until test -s ${file}; do sleep 0.02; done; exit 6`], { t });
  t.match(await wrapper.exitedWithin(), { code: 6 });
  t.notOk(isAlive(Number(lines(file)[0])));
  t.same(wrapper.descendants(), []);
});
