import { randomUUID } from "node:crypto";
import { readdirSync } from "node:fs";
import t, { type Test } from "tap";
import { lookFor, widthOf, wrapped, type Look } from "../demo/look.js";
import { timeLine, type Doing, type Frame, type Mark, type Row } from "../demo/time-line.js";
import { verdictOf } from "../demo/verdict.js";
import { Child } from "./helpers/child.js";
import { environmentWithout } from "./helpers/command.js";
import { projectPath } from "./helpers/paths.js";
import { kin } from "./helpers/processes.js";

const ESCAPE = "\u001B";
const LIMIT = 60_000; // ms; 15 s alone

const plain = lookFor({ TERM: "dumb" }, false);
const coloured = lookFor({}, true);

/** A row from "doing from to" in seconds. */
function row(name: string, ...stretches: string[]): Row {
  const read = (text: string) => {
    const [doing, from, to] = text.split(" ");
    return { doing: doing as Doing, from: Number(from) * 1_000, to: Number(to) * 1_000 };
  };
  return { name, style: "cyan", stretches: stretches.map(read) };
}

/** 8 s in as many columns, or more. */
function frame(look: Look, columns = 8): Frame {
  return { ...look, width: columns + "  bob ".length, from: 0, to: 8_000 };
}

function undressed(text: string): string {
  // oxlint-disable-next-line no-control-regex -- an escape is what it looks for
  return text.replace(/\u001B\[[\d;]*m/g, "");
}

const rows = [
  row("al", "starts 0 1", "runs 1 4", "starts 4 5", "waits 5 8"),
  row("bob", "starts 1 2", "waits 2 4", "runs 4 6", "stops 6 8"),
];
const marks: readonly Mark[] = [
  { name: "al", letter: "A", at: 3_900 },
  { name: "bob", letter: "B", at: 6_000 },
];

await t.test("a time line shows who ran when, and the faults", async (t) => {
  const narrow = timeLine(rows, marks, frame(plain));
  t.same(narrow.slice(0, 4), ["      |0 s", "  al  .##A.---", "  bob  .--##B%", ""]);
  t.same(timeLine(rows, marks, frame(plain, 64)), [
    "      |0 s            |2 s            |4 s            |6 s",
    "  al  ........#######################A........------------------------",
    "  bob         ........----------------################B%%%%%%%%%%%%%%%",
    "",
    "      # runs the workload   % told to stop, still runs   - waits",
    "      . starts",
  ]);
});

await t.test("a time line begins where its frame does", async (t) => {
  const later = { ...frame(plain), from: 4_000, to: 12_000 };
  t.same(timeLine(rows, [], later).slice(0, 3), ["      |0 s", "  al  .---", "  bob ##%%"]);
});

await t.test("a time line is as wide as it may be, and never wider", async (t) => {
  for (const width of [40, 60, 79, 80, 100, 120]) {
    const widths = timeLine(rows, marks, { ...frame(coloured), width }).map(widthOf);
    t.equal(Math.max(...widths), width);
  }
});

await t.test("a time line in colours says the same", async (t) => {
  const [bare, dressed] = [plain, { ...plain, paint: coloured.paint }].map((look) =>
    timeLine(rows, marks, frame(look)),
  );
  t.notMatch(bare?.join(""), ESCAPE);
  t.match(dressed?.[1], `${ESCAPE}[36m#`);
  t.same(dressed?.map(undressed), bare);
});

await t.test("two who run at once are seen to do so", async (t) => {
  const both = timeLine([row("al", "runs 0 5"), row("bob", "runs 4 8")], [], frame(plain));
  t.same(both.slice(1, 3), ["  al  #####", "  bob     ####"]);
});

await t.test("marks that fall on each other stand beside each other", async (t) => {
  const at = (...moments: number[]) =>
    timeLine(
      rows,
      moments.map((moment, index) => ({ name: "bob", letter: "ABC".charAt(index), at: moment })),
      frame(plain),
    )[2];
  t.equal(at(3_000, 3_100, 3_200), "  bob  .-ABC%%");
  t.equal(at(7_000, 7_500, 8_000), "  bob  .--#ABC", "at the right edge");
  t.equal(at(-5, 99_000), "  bob A.--##%B", "beyond the edges");
});

await t.test("colours only on a terminal that has them; letters alone where there is nothing else", async (t) => {
  const has = (env: Record<string, string>, isTerminal: boolean) => {
    const { paint, glyphs } = lookFor(env, isTerminal);
    return [paint("x", "bold").includes(ESCAPE), glyphs.runs];
  };
  t.same(has({ TERM: "xterm", LANG: "de_DE.UTF-8" }, true), [true, "█"]);
  t.same(has({ TERM: "xterm", LANG: "de_DE.UTF-8" }, false), [false, "█"]);
  t.same(has({ TERM: "xterm", NO_COLOR: "1" }, true), [false, "█"]);
  t.same(has({ TERM: "xterm", NO_COLOR: "" }, true), [true, "█"]);
  t.same(has({ TERM: "dumb" }, true), [false, "#"]);
  t.same(has({ LC_ALL: "C", LANG: "C.UTF-8" }, true), [true, "#"]);
});

await t.test("texts break between words", async (t) => {
  t.same(wrapped("one two three", 9), ["one two", "three"]);
  t.same(wrapped("one two three", 9, 4), ["one", "two", "three"]);
  t.same(wrapped(coloured.paint("one", "red") + " two", 7), [`${ESCAPE}[31mone${ESCAPE}[0m two`]);
  t.same(wrapped("unbreakable", 5), ["unbreakable"]);
  t.same(wrapped("", 5), [""]);
});

await t.test("the verdict is the beats' own", async (t) => {
  const told = (...beats: string[]) => verdictOf(beats.map((beat, index) => `${index} ${beat} beat\n`).join(""));
  t.same(told("7 1", "7 1", "9 2", "12 1"), { beats: 4, runs: [1, 2, 1], terms: 3, overlaps: [] });
  t.match(told("7 1", "9 2", "7 1"), { beats: 3, runs: [1, 2, 1], terms: 2, overlaps: [/token 7/] });
});

/** Starts the demo, or `command` with it as its first argument, with a temporary folder that nobody else uses. */
function startDemo(t: Test, ...command: string[]) {
  const folder = t.testdir();
  const run = randomUUID();
  const env = { ...environmentWithout("TAP", "NODE_V8"), NODE_OPTIONS: "", TMPDIR: folder, DEMO_TEST_RUN: run };
  const foreign = { WHILE_LEADER_TTL: "nonsense", ETCDCTL_ENDPOINTS: "nowhere:1", http_proxy: "http://127.0.0.1:9" };
  const [file = process.execPath, ...args] = command;
  const demo = new Child(file, [...args, projectPath("dist/demo/demo.js")], { t, env: { ...env, ...foreign } });
  return { demo, left: () => [...kin(`DEMO_TEST_RUN=${run}`, []), ...readdirSync(folder)] };
}

await t.test("the demo shows what it promises, and cleans up", async (t) => {
  const { demo, left } = startDemo(t);
  const { code } = await demo.exitedWithin(LIMIT);
  t.equal(code, 0, demo.stderr);
  t.equal(demo.stderr, "");
  t.same(left(), []);
  t.notMatch(demo.stdout, ESCAPE);
  t.same(
    demo.stdout.split("\n").filter((line) => line.length > 80),
    [],
  );
  const facts = [
    /^ +\d+\.\d s {5}alice leads and runs the workload\.$/,
    /^ +\d+\.\d s {5}bob waits behind alice\.$/,
    /^ +\d+\.\d s {5}carol waits behind bob\.$/,
    /^ +\d+\.\d s {2}A {2}SIGTERM to alice/,
    /^ +\d+\.\d s {5}bob leads and runs the workload, \d+ ms after the signal\.$/,
    /^ +\d+\.\d s {5}alice waits behind carol\.$/,
    /^ +\d+\.\d s {2}B {2}SIGKILL to bob's workload/,
    /^ +\d+\.\d s {5}carol leads and runs the workload, \d+ ms after the signal\.$/,
    /^ +\d+\.\d s {2}C {2}SIGTERM to carol, whose workload ignores it\.$/,
    /^ +\d+\.\d s {5}carol's workload still runs/,
    /^ +\d+\.\d s {5}Its 2 s \(--kill-after\) are over: SIGKILL/,
    /^ +\d+\.\d s {5}alice leads and runs the workload, 2\d\d\d ms after the signal\.$/,
    /^ +\d+\.\d s {5}carol waits behind bob\.$/,
    /^ +\d+\.\d s {2}D {2}SIGKILL to alice itself, not to its workload/,
    /^ +\d+\.\d s {5}alice's guard, a process beside it, has killed the workload, \d+ ms/,
    // The lease alone would take 8 s at least.
    /^ +\d+\.\d s {5}bob leads and runs the workload, [1-6]?\d{1,3} ms after the signal\.$/,
    /^ +\d+\.\d s {5}alice waits behind carol\.$/,
    /^ {2}alice ·+█+A▒*[ ·]+─+█+D[ ·]+─+$/,
    /^ {2}bob {3} +·+─+█+B▒*[ ·]+─+█+▒*$/,
    /^ {2}carol +·+─+█+C▒+[ ·]+─+$/,
    /^ {2}A {2}SIGTERM to alice +alice → bob +\d+ ms$/,
    /^ {2}B {2}SIGKILL to bob's workload +bob → carol +\d+ ms$/,
    /^ {2}C {2}SIGTERM to carol, ignored 2 s +carol → alice +2\d\d\d ms$/,
    /^ {2}D {2}SIGKILL to alice itself +alice → bob +[1-6]?\d{1,3} ms$/,
    /^✓ never two at once: \d\d+ beats of 5 terms, 0 overlaps$/,
    /^✓ nothing left: 7 while-leaders, 5 workloads and 1 etcd ended, no file remains$/,
  ];
  const lines = demo.stdout.split("\n");
  let seen = -1;
  for (const fact of facts) {
    const next = lines.findIndex((line, index) => index > seen && fact.test(line));
    t.ok(next > seen, String(fact));
    seen = Math.max(seen, next);
  }
});

await t.test("the demo interrupted leaves nothing behind", async (t) => {
  const { demo, left } = startDemo(t);
  await demo.stdoutLine(/carol waits behind bob/, LIMIT);
  t.ok(left().length > 5, "etcd, three while-leaders, a workload, a folder");
  demo.kill("SIGINT");
  t.match(await demo.exitedWithin(), { code: 130, signal: null });
  t.match(demo.stdout, /^SIGINT: ending everything that was started$/m);
  t.same(left(), []);
});

await t.test("the demo ends when nobody reads any more, and leaves nothing behind", async (t) => {
  const head = '{ { "$0" "$1" 3>&-; echo "$?" >&3; } | head -n 10; } 3>&1';
  const { demo, left } = startDemo(t, "sh", "-c", head, process.execPath);
  t.match(await demo.exitedWithin(LIMIT), { code: 0 });
  t.match(demo.stdout, /s {5}alice (starts|leads and runs the workload)\.\n141\n$/);
  t.same(left(), []);
});
