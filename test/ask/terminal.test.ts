import t, { type Test } from "tap";
import { startEtcd } from "../helpers/etcd-server.js";
import { noTerminal, startTerminal, type Terminal } from "../helpers/terminal.js";
import { enter, KEYS, OUTER, startShell, wrapperLine } from "../tty/places.js";

// A copy for each test: tap keeps its own notes in there.
const needsTerminal = { skip: noTerminal() ?? false };
t.jobs = 3;
const etcd = await startEtcd({ t });
const HEADING = "TIME             LEADER        TOKEN     QUEUE";
/** A time, then what is behind it. */
const ROW = /^[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d {2}(.*)$/;

void t.test("a heading, and below it aligned columns with local time", { ...needsTerminal }, async (t) => {
  const terminal = await watched(t, "plain", { TERM: "dumb" });
  const [heading, ...rows] = linesOf(terminal);
  t.equal(heading, HEADING);
  const [nobody, alone, led] = rows.map((row) => ROW.exec(row)?.[1]);
  t.equal(nobody, "nobody");
  t.match(alone, /^a {13}\d+$/);
  t.match(led, /^a {13}\d+ +b$/);
  t.equal(led?.indexOf("b"), HEADING.indexOf("QUEUE") - HEADING.indexOf("LEADER"));
  t.notOk(terminal.shown.includes("\x1b"), "a dumb terminal has no colours");
});

void t.test("the time is that of the reader's zone", { ...needsTerminal }, async (t) => {
  const terminal = await watched(t, "zone", { TERM: "dumb", TZ: "Asia/Tokyo" });
  const hour = /(\d\d):\d\d:\d\d {2}nobody/.exec(terminal.shown)?.[1];
  const now = new Date();
  // The hour may have changed since.
  const hours = [now, new Date(now.getTime() - 3_600_000)].map((time) => (time.getUTCHours() + 9) % 24);
  t.ok(hours.includes(Number(hour)), `${hour} of ${hours.join()}`);
});

void t.test("in colour, also --who; not with NO_COLOR", { ...needsTerminal }, async (t) => {
  const colours = { TERM: "xterm-256color", NO_COLOR: undefined };
  const [coloured, empty, none] = await Promise.all([
    watched(t, "colours", colours),
    watched(t, "empty", { ...colours, NO_COLOR: "" }),
    watched(t, "none", { ...colours, NO_COLOR: "1" }),
  ]);
  for (const terminal of [coloured, empty]) {
    t.match(terminal.shown, "\x1b[1;33mnobody\x1b[0m");
    t.match(terminal.shown, "\x1b[1;32ma\x1b[0m");
  }
  t.notOk(none.shown.includes("\x1b"));
  t.equal(linesOf(none)[0], HEADING);
  const who = async (env: Record<string, string | undefined>) => {
    const terminal = startTerminal(["-n", "colours", "--who", ...etcd.flags], { t, env });
    await terminal.exitedWithin();
    return terminal.shown;
  };
  t.match(await who(colours), "\x1b[1;32ma\x1b[0m");
  t.notOk((await who({ ...colours, NO_COLOR: "1" })).includes("\x1b"));
});

void t.test("no colours in a pipe, whatever the terminal", async (t) => {
  const { runToEnd } = await import("../helpers/wrapper.js");
  const env = { TERM: "xterm-256color", NO_COLOR: undefined };
  const { stdout } = await runToEnd(["-n", "nothing", "--who", ...etcd.flags], { env });
  t.match(stdout, "nobody");
  t.notOk(stdout.includes("\x1b"));
});

void t.test("Ctrl-C ends it, Ctrl-Z stops it, and the shell has its terminal back", { ...needsTerminal }, async (t) => {
  const terminal = await startShell(t);
  const line = wrapperLine(["-n", "keys", "--watch", ...etcd.flags]);
  enter(terminal, `${line}; echo "status=$?"`);
  await terminal.shows(/nobody/);
  terminal.type(KEYS.interrupt);
  // bash gives up the whole line when a program died of Ctrl-C: the status is in the next one.
  await terminal.shows(OUTER);
  enter(terminal, 'echo "status=$?"');
  await terminal.shows(/^status=130$/m);
  enter(terminal, line);
  await terminal.shows(/nobody/);
  terminal.type(KEYS.suspend);
  await terminal.shows(/Stopped/);
  await terminal.shows(OUTER);
  enter(terminal, "fg");
  await etcd.etcdctl("put", "keys/1", "later");
  await terminal.shows(/later/);
  terminal.type(KEYS.interrupt);
  await terminal.shows(OUTER);
});

void t.test("when the terminal hangs up it ends", { ...needsTerminal }, async (t) => {
  const terminal = await watched(t, "gone", {});
  const watcher = terminal.descendants().find(({ pid }) => pid !== terminal.pid);
  t.ok(watcher, "it runs");
  await terminal.hangUp();
  t.same(await gone(terminal), []);
});

/** A terminal on which --watch has told of nobody, of "a", and of "b" who waits. */
async function watched(t: Test, election: string, env: Record<string, string | undefined>): Promise<Terminal> {
  const terminal = startTerminal(["-n", election, "--watch", ...etcd.flags], { t, env });
  await terminal.shows(/nobody/);
  await etcd.etcdctl("put", `${election}/a`, "a");
  await terminal.shows(/\d\s*\n/);
  await etcd.etcdctl("put", `${election}/b`, "b");
  await terminal.shows(/\d +b\s*\n/);
  return terminal;
}

/** What it has shown since it said its name. */
function linesOf({ shown }: Terminal): string[] {
  const lines = shown.trimEnd().split("\n");
  return lines.slice(lines.findIndex((line) => line.startsWith("terminal ")) + 1);
}

/** What is still there of it, once nothing more goes away. */
async function gone(terminal: Terminal): Promise<readonly number[]> {
  const { until } = await import("../helpers/until.js");
  await until("its end", () => terminal.descendants().length === 0);
  return terminal.descendants().map(({ pid }) => pid);
}
