import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import t from "tap";
import { readConfig } from "../lib/config.js";
import { DEFAULTS } from "../lib/defaults.js";
import { UNCONTESTED } from "../lib/election.js";
import { workloadEnvironment } from "../lib/environment.js";
import { ExitStatus } from "../lib/exit-status.js";
import { COMMAND_STATUS, EPILOGUE, EXIT_STATUSES } from "../lib/help.js";
import type { Option } from "../lib/options.js";
import { OPTIONS, PASSWORD_VARIABLE } from "../lib/options.js";
import { FORWARDED } from "../lib/signals.js";
import { impossible, killTime, termTime, timingOf, validityOf } from "../lib/timing.js";
import { runCommand } from "./helpers/command.js";
import { captures, fences, MANUAL, page, PAGES, plain, section, table } from "./helpers/pages.js";
import { projectPath } from "./helpers/paths.js";

const README = page("README.md");
const MANIFEST = JSON.parse(page("package.json")) as { version: string; license: string; scripts: object };
const ALL_OPTIONS: readonly Option[] = OPTIONS;

await t.test("the README begins with the two commands", async (t) => {
  const top = README.slice(0, README.indexOf("\n## "));
  for (const script of ["demo", "test"]) {
    t.match(top, new RegExp(`^npm ci && npm (run )?${script}\\b`, "m"));
    t.ok(script in MANIFEST.scripts, `there is a script ${script}`);
  }
});

await t.test("the README's options are those of the program, in their order and words", async (t) => {
  const rows = table("Options").map((row) => row.slice(0, 3).map(plain));
  const options = ALL_OPTIONS.map(({ name, alias, value, fallback, describe }) => [
    `${alias ? `-${alias}, ` : ""}--${name}${value ? ` ${value}` : ""}`,
    fallback ?? "",
    describe,
  ]);
  t.same(rows, options);
});

await t.test("--help and the README say the same of each option", async (t) => {
  const request = await readConfig(["--help"], {}, "0");
  const help = "print" in request ? request.print.replace(/\s+/g, " ") : "";
  for (const [name = "", fallback, meaning] of table("Options").map((row) => row.map(plain))) {
    const [, option, value] = /(--[\w-]+)(?: (.*))?$/.exec(name) ?? [];
    t.ok(help.includes([option, value && `${value}:`, meaning, fallback && `[${fallback}]`].filter(Boolean).join(" ")));
  }
});

await t.test("the README tells which options have other variables than their names say", async (t) => {
  const [told = ""] = /\*\*Two exceptions:\*\*[\s\S]*?(?=\n- )/.exec(section("Options")) ?? [];
  const exceptions = ALL_OPTIONS.filter(({ name, group, environment }) => {
    const variable = name.toUpperCase().replaceAll("-", "_");
    const byRule = [`WHILE_LEADER_${variable}`, ...(group === "etcd:" ? [`ETCDCTL_${variable}`] : [])];
    return environment.join() !== byRule.join();
  });
  t.equal(exceptions.length, 2);
  for (const { name } of exceptions) t.ok(told.includes(`\`--${name}\``), `--${name}`);
  const [variable = ""] = ALL_OPTIONS.find(({ name }) => name === "key")?.environment ?? [];
  for (const name of [variable, PASSWORD_VARIABLE]) t.ok(told.includes(`\`${name}\``), name);
});

await t.test("the manual's environment is what a command finds", async (t) => {
  const term = await UNCONTESTED.campaign().elected;
  const { env } = workloadEnvironment({ PATH: "/bin", WHILE_LEADER_TTL: "5" }, term, { name: "jobs", identity: "a" });
  const names = table("Environment of the command").map(([name = ""]) => plain(name));
  t.same(["PATH", ...names].toSorted(), Object.keys(env).toSorted());
});

await t.test("the README's exit statuses are those of the program and of --help", async (t) => {
  const rows = table("Exit status").map((row) => row.map(plain));
  const told = rows.flatMap(([status = ""]) => status.match(/\d+/g) ?? []).map(Number);
  t.same(new Set(told), new Set(Object.values(ExitStatus)));
  const [own = [], ...others] = rows;
  t.equal(own.join(" "), COMMAND_STATUS);
  t.same(others, EXIT_STATUSES);
  const help = EPILOGUE.replace(/\s+/g, " ");
  for (const row of rows) t.ok(help.includes(row.join(" ")), row.join(" "));
});

await t.test("the manual's signals are passed on, stop the command, or neither, as it says", async (t) => {
  const names = table("Signals").map(([cell = ""]) => captures(cell, /(SIG\w+)/g));
  const [stop = [], passed = [], kept = [], never = []] = names;
  t.same(stop, DEFAULTS.stopOn);
  for (const name of FORWARDED) t.ok([...stop, ...passed].includes(name), `${name} is passed on`);
  for (const name of [...kept, ...never]) t.notOk(FORWARDED.includes(name as NodeJS.Signals), `${name} is not`);
  const aliases = new Set(["SIGIOT", "SIGPOLL"]);
  const all = Object.keys(constants.signals).filter((name) => !aliases.has(name));
  if (process.platform === "linux") t.same(names.flat().toSorted(), all.toSorted());
});

await t.test("the manual's log events are those of the program, with their levels and fields", async (t) => {
  const rows = new Map(table("Log").map(([event = "", ...rest]) => [plain(event), rest]));
  const events = eventsInSources();
  t.same([...rows.keys()].toSorted(), [...events.keys()].toSorted());
  for (const [event, { levels, fields }] of events) {
    const [level = "", names = ""] = rows.get(event) ?? [];
    t.same(new Set(level.match(/error|warn|info|debug|trace/g)), levels, `the levels of ${event}`);
    if (fields) t.same(new Set(captures(names, /`([a-z-]+)`/g)), fields, `the fields of ${event}`);
  }
});

await t.test("the manual's times follow from the TTL as it says", async (t) => {
  const rows = table("Timing");
  t.same(
    rows.map(([ttl]) => ttl),
    ["2 s", "5 s", "10 s", "30 s"],
  );
  for (const [ttl = "", every, term, kill, away, next] of rows) {
    const timing = timingOf({ ttl: Number.parseInt(ttl, 10) * 1_000, clockDrift: DEFAULTS.clockDrift });
    const end = validityOf(timing, 0);
    t.same(
      [every, term, kill, away, next],
      [
        seconds(timing.renewEvery),
        seconds(termTime(timing, end)),
        seconds(killTime(timing, end)),
        `${seconds(termTime(timing, end) - timing.renewEvery).slice(0, -2)} to ${seconds(termTime(timing, end))}`,
        // etcd looks every 500 ms for leases that have run out.
        `${seconds(timing.ttl - timing.renewEvery).slice(0, -2)} to ${seconds(timing.ttl + 500)}`,
      ],
      ttl,
    );
  }
  const [, sigkill, sigterm] = captures(section("Timing"), /^(?:valid until|SIGKILL|SIGTERM) +=.*= (.*)$/gm);
  t.same([sigterm, sigkill], rows[2]?.slice(2, 4));
  const refused = impossible(timingOf({ ttl: 10_000, lostGrace: 5_000, clockDrift: DEFAULTS.clockDrift }));
  t.ok(section("Timing").includes(`while-leader: --ttl: ${refused}`));
});

await t.test("the manual's command lines are accepted", async (t) => {
  const typed = captures(fences("sh").join(""), /^((?:npx )?while-leader .*)/gm);
  const lines = typed.map((line) => line.replace(/^npx |\s+#.*/g, "").split(" "));
  lines.push(entryPoint(README).concat("true"));
  t.ok(lines.length > 3);
  for (const [program, ...args] of lines) {
    t.equal(program, "while-leader");
    await t.resolves(readConfig(args, {}, "0"), args.join(" "));
  }
});

await t.test("the Dockerfile stops its command within docker stop's 10 s, as somebody other than root", async (t) => {
  const docker = page("Dockerfile.example");
  const value = (name: string): string => new RegExp(`^${name} (.*)$`, "m").exec(docker)?.[1] ?? "";
  const request = await readConfig(entryPoint(docker).slice(1).concat("nginx"), {}, "0");
  if (!("run" in request)) throw new Error("the entry point runs nothing");
  const { killAfter, stopOn } = request.run.rules;
  t.ok(killAfter <= 8_000);
  t.ok(stopOn.has(value("STOPSIGNAL") as NodeJS.Signals));
  t.match(value("CMD"), /^\[".*"\]$/);
  t.match(value("USER"), /^(?!root$|0$)\w+$/);
  // It has to copy each folder whose programs the build runs.
  const built = captures(JSON.stringify(MANIFEST.scripts), /"build\b[^"]*":"[^"]*\bdist\/(\w+)\//g);
  for (const folder of ["bin", ...built]) t.match(docker, new RegExp(`^COPY ${folder} ${folder}$`, "m"));
});

await t.test("every link of the pages leads somewhere in this project", async (t) => {
  for (const name of PAGES) {
    for (const link of links(name)) {
      const [file = "", anchor] = link.split("#");
      const target = file ? join(dirname(name), file) : name;
      t.ok(existsSync(projectPath(target)), `${name} links to ${link}`);
      if (anchor !== undefined) t.ok(anchors(target).includes(anchor), `${name} links to ${link}`);
    }
  }
});

await t.test("every page is reached from the README", async (t) => {
  const reached = new Set(["README.md"]);
  for (const name of reached) {
    const pages = links(name).flatMap((link) => /^[^#]+\.md/.exec(link) ?? []);
    for (const file of pages) reached.add(join(dirname(name), file));
  }
  for (const name of MANUAL) t.ok(reached.has(name), name);
});

await t.test("the manual's TypeScript examples compile", async (t) => {
  // Inside the package, where its own name leads to its own exports.
  const folder = mkdtempSync(projectPath("dist/docs-"));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const files = fences("ts").map((text, index) => {
    writeFileSync(join(folder, `example-${index}.ts`), text);
    return `example-${index}.ts`;
  });
  t.ok(files.length >= 3);
  const config = { extends: "../../tsconfig.json", compilerOptions: { noEmit: true }, files, include: [] };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
  // A compiler takes seconds of CPU time, which a busy machine gives it late.
  const compiler = [projectPath("node_modules/typescript/bin/tsc"), "-p", folder];
  const tsc = await runCommand(process.execPath, compiler, { timeoutMs: 100_000 });
  t.equal(tsc.code, 0, tsc.stdout + tsc.stderr);
});

await t.test("the changelog and the license are of this version", async (t) => {
  t.ok(page("CHANGELOG.md").includes(`\n## [${MANIFEST.version}]`));
  t.ok(page("LICENSE").startsWith(`${MANIFEST.license} License`));
});

/** The words of an ENTRYPOINT, which is in exec form. */
function entryPoint(text: string): string[] {
  return JSON.parse(/^ENTRYPOINT (\[.*\])$/m.exec(text)?.[1] ?? "[]") as string[];
}

/** Where a page links to within the project: in the text, and in references at its end. */
function links(name: string): string[] {
  const text = withoutFences(name);
  return captures(text, /(?:\]\(|^\[[^\]]+\]: )(?!https?:)([^)\s]+)/gm);
}

/** Links to headings, as GitHub makes them. */
function anchors(name: string): string[] {
  const headings = captures(withoutFences(name).toLowerCase(), /^#+ (.*)$/gm);
  return headings.map((heading) => heading.replace(/[^\w\s-]/g, "").replaceAll(" ", "-"));
}

function seconds(milliseconds: number): string {
  return `${Number((milliseconds / 1_000).toFixed(3))} s`;
}

interface Logged {
  readonly levels: Set<string>;
  /** undefined where they are not written out. */
  readonly fields: Set<string> | undefined;
}

/** Every event that the program logs, from its sources: the second argument of each `log(…)`. */
function eventsInSources(): Map<string, Logged> {
  const events = new Map<string, Logged>();
  const files = readdirSync(projectPath("lib"), { recursive: true, encoding: "utf8" });
  const sources = files.filter((name) => name.endsWith(".ts")).map((name) => page(`lib/${name}`));
  const calls = /\blog\(\s*([^,()]*),\s*"([a-z-]+)"(,\s*(\{[^}]*\})?)?/g;
  for (const [, level = "", event = "", rest, literal = ""] of sources.join("\n").matchAll(calls)) {
    const before = events.get(event) ?? { levels: new Set(), fields: new Set() };
    const levels = new Set([...before.levels, ...captures(level, /"(\w+)"/g)]);
    const named = captures(literal.replace(/"[^"]*"(?!:)/g, ""), /[{,]\s*"?([a-z-]+)"?\s*(?=[:,}])/g);
    const known = rest === undefined || literal !== "" ? before.fields : undefined;
    events.set(event, { levels, fields: known && new Set([...known, ...named]) });
  }
  return events;
}

/** A page without its code, in which a comment looks like a heading. */
function withoutFences(name: string): string {
  return page(name).replace(/^```[\s\S]*?^```$/gm, "");
}
