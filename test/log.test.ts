import { closeSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t, { type Test } from "tap";
import type { Level, LogOptions } from "../lib/log.js";
import { projectPath } from "./helpers/paths.js";
import { runCommand } from "./helpers/command.js";

type Entry = readonly [Level, string, object?];

/** What a log writes to stderr: its own process, for it writes to the descriptor itself. */
async function written(t: Test, options: LogOptions, ...entries: readonly Entry[]): Promise<string> {
  const program = join(t.testdir(), "program.mjs");
  const url = JSON.stringify(new URL(`file://${projectPath("dist/lib/log.js")}`));
  writeFileSync(
    program,
    `import { stderrLog } from ${url};
    const log = stderrLog(${JSON.stringify(options)});
    for (const entry of ${JSON.stringify(entries)}) log(...entry);
    log("error", "undefined", { gone: undefined, kept: 0 });`,
  );
  const { stderr } = await runCommand(process.execPath, [program], { env: { ...process.env, NODE_OPTIONS: "" } });
  return stderr;
}

const odd = {
  plain: "a/b:c-d_e.f,1",
  number: 1.5,
  yes: true,
  empty: "",
  space: "a b",
  equals: "a=b",
  quote: 'a"b',
  lines: "a\nb\r\n",
  tab: "a\tb",
  escape: "\x1b[31mred\x07",
  c1: "\x9b31m",
  del: "\x7f",
  unicode: "é🦄",
  separators: "a\u2028b",
  lone: "\ud800",
};

await t.test("text: one line a fact, values quoted where they are not plain words", async (t) => {
  const text = await written(t, { format: "text", level: "info" }, ["info", "elected", odd]);
  const [line, last, ...rest] = text.split("\n");
  t.same([last, ...rest], ["while-leader: undefined kept=0", ""]);
  const start = 'while-leader: elected plain=a/b:c-d_e.f,1 number=1.5 yes=true empty="" space="a b" ';
  t.equal(line?.slice(0, start.length), start);
  t.ok(line?.includes(' equals="a=b" quote="a\\"b" lines="a\\nb\\r\\n" tab="a\\tb" '));
  t.ok(line?.includes(" unicode=é🦄 "));
});

await t.test("text: nothing that a terminal would obey comes through", async (t) => {
  // What another candidate calls itself comes from etcd: it may be anything.
  const led = { error: "election jobs is led by me\nwhile-leader: elected\x1b[31m\x9b31m\x7f" };
  const entries = [
    ["info", "standby", odd],
    ["error", "failed", led],
  ] as const;
  const text = await written(t, { format: "text", level: "info" }, ...entries);
  t.equal(text.trimEnd().split("\n").length, 3, "nor a line of its own");
  const controls = [...text.replaceAll("\n", "").matchAll(/\p{Cc}/gu)].map(([one]) => one.charCodeAt(0).toString(16));
  t.same(controls, []);
});

await t.test("json: an object a line, with time, level and event first", async (t) => {
  const text = await written(t, { format: "json", level: "info" }, ["info", "elected", odd]);
  const lines = text.trimEnd().split("\n");
  t.equal(lines.length, 2);
  const { time, ...fields } = JSON.parse(lines[0] ?? "") as Record<string, unknown>;
  t.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  t.strictSame(fields, { level: "info", event: "elected", ...odd });
  t.match(lines[0], /^\{"time":"[^"]*","level":"info","event":"elected","plain"/);
  const last = JSON.parse(lines[1] ?? "") as object;
  t.same(Object.keys(last), ["time", "level", "event", "kept"], "without what is undefined");
});

await t.test("only what is important enough is written", async (t) => {
  const levels = ["error", "warn", "info", "debug", "trace"] as const;
  for (const [index, level] of levels.entries()) {
    const text = await written(t, { format: "text", level }, ...levels.map((one) => [one, one] as const));
    const said = text
      .trimEnd()
      .split("\n")
      .map((line) => line.replace("while-leader: ", ""));
    t.same(said, [...levels.slice(0, index + 1), "undefined kept=0"], level);
  }
});

await t.test("a line that cannot be written is no failure", async (t) => {
  const program = join(t.testdir(), "program.mjs");
  const url = JSON.stringify(new URL(`file://${projectPath("dist/lib/log.js")}`));
  writeFileSync(program, `import { writeLine, writeTo } from ${url}; writeLine("gone"); writeTo(1, "kept");`);
  const out = join(t.testdirName, "out");
  const script = '"$0" "$1" 2>/dev/full >"$2" && "$0" "$1" 2>&- >>"$2"';
  closeSync(openSync(out, "w"));
  const { code } = await runCommand("sh", ["-c", script, process.execPath, program, out]);
  t.equal(code, 0);
  t.equal(readFileSync(out, "utf8"), "keptkept");
});
