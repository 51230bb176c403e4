import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import t from "tap";
import { COMMAND_STATUS, EXAMPLES, EXIT_STATUSES, SYNOPSIS } from "../lib/help.js";
import { OPTIONS, type Option } from "../lib/options.js";
import { manPage } from "../man/page.js";
import { bold, example, heading, roff, tagged, withCode } from "../man/roff.js";
import * as words from "../man/words.js";
import { runCommand } from "./helpers/command.js";
import { captures, MANUAL, page, table } from "./helpers/pages.js";
import { projectPath } from "./helpers/paths.js";

const PAGE = "dist/man/while-leader.1";
const MANIFEST = JSON.parse(page("package.json")) as { version: string; man: string[]; files: string[] };
const ALL_OPTIONS: readonly Option[] = OPTIONS;

/** How each reader of manual pages tells what it does not like, and shows a page in plain text of this width. */
const READERS = {
  mandoc: { check: ["-Tlint", "-W", "warning"], show: ["-Tutf8", "-O", "width=78"] },
  groff: { check: ["-man", "-ww", "-z"], show: ["-man", "-Tutf8", "-P-c", "-P-b", "-P-u", "-rLL=78n"] },
} as const;

const readers = (["mandoc", "groff"] as const).filter(inPath);
const needsReader = { skip: readers.length === 0 && "neither mandoc nor groff is installed" };

await t.test("the build has put it where the package says", async (t) => {
  // npm 11 installs no page that is named without a list.
  t.same(MANIFEST.man, [PAGE]);
  t.ok(MANIFEST.files.includes(PAGE));
  const [, date = ""] = /^\.TH WHILE\\-LEADER 1 (\d{4}-\d\d-\d\d) /.exec(page(PAGE)) ?? [];
  t.equal(page(PAGE), manPage({ version: MANIFEST.version, date }));
});

await t.test("its options are those of the program, in their order and words, and nothing else", async (t) => {
  const options = ALL_OPTIONS.map(({ name, alias, value, fallback, describe }) => [
    [`${alias ? `-${alias}, ` : ""}--${name}`, value].filter(Boolean).join(" "),
    [describe, fallback && `[${fallback}]`].filter(Boolean).join(" "),
  ]);
  t.same(tags("OPTIONS").slice(0, -2), options);
  t.same(
    tags("OPTIONS")
      .slice(-2)
      .map(([tag]) => tag),
    ["-h, --help", "--version"],
  );
});

await t.test("its groups of options are those of --help", async (t) => {
  const groups = captures(section("OPTIONS"), /^\.SS (.*)$/gm);
  t.same(groups, [...new Set(ALL_OPTIONS.map(({ group }) => group.replace(":", "")))]);
});

await t.test("its exit statuses and examples are those of --help", async (t) => {
  t.same(tags("EXIT STATUS"), EXIT_STATUSES);
  t.ok(read(section("EXIT STATUS")).includes(COMMAND_STATUS));
  for (const [what, text] of EXAMPLES) t.ok(read(section("EXAMPLES")).includes(text), what);
  t.equal(read(section("SYNOPSIS")).split("\n")[0], SYNOPSIS);
});

await t.test("its environment and its signals are those of the manual, word for word", async (t) => {
  t.same(table("Environment of the command").map(withoutLinks), words.ADDED);
  t.same(table("Signals").map(withoutLinks), words.SIGNALS);
  t.same(tags("ENVIRONMENT"), words.ADDED.map(withoutCode));
  t.same(tags("SIGNALS"), words.SIGNALS.map(withoutCode));
});

await t.test("what else it says the manual says too", async (t) => {
  const manual = MANUAL.map(page).join("\n").replace(/\s+/g, " ");
  const { DESCRIPTION, COMMAND, ORDER, PASSWORD, ENVIRONMENT, PASSED_ON, ASSUMPTIONS } = words;
  for (const text of [DESCRIPTION, COMMAND, ORDER, PASSWORD, ENVIRONMENT, PASSED_ON, ...ASSUMPTIONS])
    t.ok(manual.includes(text), text);
});

await t.test("its sections come in the order of man-pages(7)", async (t) => {
  const order = ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXIT STATUS", "ENVIRONMENT", "SIGNALS", "CAVEATS"];
  t.same(captures(page(PAGE), /^\.SH (.*)$/gm), [...order, "EXAMPLES", "SEE ALSO"]);
});

await t.test(
  "no reader of manual pages finds fault with it, and it fits a terminal of 80 columns",
  needsReader,
  async (t) => {
    for (const reader of readers) {
      const { check, show } = READERS[reader];
      t.match(await runCommand(reader, [...check, projectPath(PAGE)]), { stdout: "", stderr: "", code: 0 }, reader);
      const { stdout } = await runCommand(reader, [...show, projectPath(PAGE)]);
      const lines = seen(stdout);
      t.ok(lines.includes("SEE ALSO"), `${reader} shows it`);
      const wide = lines.find((line) => line.length > 80);
      t.equal(wide, undefined, reader);
    }
  },
);

await t.test("whatever a text looks like, a reader of manual pages shows it so", needsReader, async (t) => {
  const texts = [
    ".SH no heading",
    "'br no request",
    "\\fBno font\\fR, \\n, \\\\",
    "--a-b -c 'd' \"e\" `f` ^g ~h",
    "two\n.lines",
    "ü … €",
  ];
  const folder = mkdtempSync(join(tmpdir(), "while-leader-man-"));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, "texts.1");
  const bodies = texts.map((text) =>
    [tagged("tag", roff(text)), tagged("tag", bold(oneLine(text))), example(...text.split("\n"))].join("\n"),
  );
  const coded = tagged("tag", withCode(".a `-b` c"));
  writeFileSync(file, [".TH TEXTS 1 2026-01-01", heading("TEXTS"), "first", ...bodies, coded, ""].join("\n"));
  const shown = texts.flatMap((text) => `tag ${oneLine(text)}\ntag ${oneLine(text)}\n${text}`.split("\n"));
  for (const reader of readers) {
    const { check, show } = READERS[reader];
    t.match(await runCommand(reader, [...check, file]), { stdout: "", stderr: "", code: 0 }, reader);
    const { stdout } = await runCommand(reader, [...show, file]);
    const lines = seen(stdout).map((line) => line.trim().replace(/\s+/g, " "));
    t.same(lines.slice(lines.indexOf("first") + 1, -1), [...shown, "tag .a -b c"], reader);
  }
});

function inPath(program: string): boolean {
  return (process.env.PATH ?? "").split(delimiter).some((folder) => existsSync(join(folder, program)));
}

function oneLine(text: string): string {
  return text.replace("\n", " ");
}

/** What stands under a heading, as source. */
function section(name: string): string {
  const [, text = ""] = readFileSync(projectPath(PAGE), "utf8").split(`\n.SH ${name}\n`);
  return text.split(/^\.SH /m)[0] ?? "";
}

/** The paragraphs with a tag of a section: tag and text, as they are read. */
function tags(name: string): string[][] {
  const parts = section(name)
    .split(/^\.TP\n/m)
    .slice(1);
  return parts.map((part) => part.split(/^\./m)[0]?.trimEnd().split("\n").map(read) ?? []);
}

/** Source as it is read: the few escapes that the page has, undone. */
function read(source: string): string {
  return source
    .replace(/\\f[BIR]/g, "")
    .replace(/^\\&/gm, "")
    .replaceAll("\\(aq", "'")
    .replaceAll("\\(dq", '"')
    .replaceAll("\\-", "-");
}

/** Lines as a terminal shows them, less those that are empty: of a character that is printed upon another, the last one. */
function seen(text: string): string[] {
  const printed = text.split("\b").reduce((before, after) => before.slice(0, -1) + after);
  return printed.split("\n").filter((line) => line.trim() !== "");
}

function withoutLinks(row: readonly string[]): string[] {
  return row.map((cell) => cell.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1"));
}

function withoutCode(row: readonly string[]): string[] {
  return row.map((cell) => cell.replaceAll("`", ""));
}
