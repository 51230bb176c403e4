import { existsSync, readdirSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { test } from "tap";
import { projectPath } from "./helpers/paths.js";

/** What stands on which floor. Stairs only go down; a new file must be named here first. */
const LAYERS: readonly (readonly string[])[] = [
  // L0, pure: no I/O, no clock
  [
    ["lifecycle", "states", "inbox", "timing", "options", "exit-status", "failure", "duration", "signals", "election"],
    ["abort", "argv", "defaults", "deferred", "election-name", "endpoints", "help", "report"],
    ["roll", "roll-text", "visible", "restart", "health", "hooks", "ending", "address", "status/standing"],
  ].flat(),
  // L1, one outside thing per file
  [
    "config",
    "log",
    "clock",
    "workload",
    "processes",
    "proc",
    "libc",
    "reaper",
    "terminal",
    "parent",
    "inherited",
    "verbatim",
    "environment",
    "values",
    "question",
    "stdout",
    "settings",
    "probe",
    "command-line",
    "usage",
    "pem",
    "installed",
    "vendor/*",
    "etcd/*",
    "guard/*",
    "status/*",
  ],
  // L2, performs the lifecycle's effects
  ["supervisor", "remains"],
  // L3, composes the parts
  ["program", "main", "listening", "run", "ask", "step-down", "init", "library/*", "index"],
];

/** Who on the first floor may lean on a neighbour, and not on its types only. */
const NEIGHBOURS: readonly (readonly [from: RegExp, to: RegExp])[] = [
  [/^etcd\//, /^etcd\//],
  // A call's deadline is the clock's.
  [/^etcd\//, /^clock$/],
  // What the options' texts mean, apart from how yargs finds them.
  [/^config$/, /^(command-line|values|question|settings|pem)$/],
  [/^command-line$/, /^usage$/],
  [/^values$/, /^pem$/],
  // Each package of others has its room; where it is used, PACKAGES says.
  [/./, /^vendor\//],
  [/^guard\/guard$/, /^installed$/],
  [/^(question|settings)$/, /^(values|settings)$/],
  // Whether anybody reads a pipe, the kernel tells.
  [/^stdout$/, /^libc$/],
  // A command is one of many processes, and perhaps at a terminal.
  [/^workload$/, /^(processes|proc|terminal)$/],
  [/^(processes|reaper|parent|terminal)$/, /^proc$/],
  // A program of its own, with a clock, a log and the same processes to find.
  [/^guard\//, /^(guard\/.*|clock|environment)$/],
  // A server's waits end by the clock.
  [/^status\//, /^(status\/.*|clock)$/],
  [/^guard\/guard-main$/, /^(log|processes)$/],
];

/** Constants are not I/O, nor is how many may listen. */
const MODULES_OF_PURE_FILES: Readonly<Record<string, readonly string[]>> = {
  signals: ["node:os"],
  abort: ["node:events"],
};
/** Catching signals from the first tick is all that inbox does with the outside. */
const GLOBALS_OF_PURE_FILES: Readonly<Record<string, readonly string[]>> = { inbox: ["process"] };

/** Who may import which package, and from whom alone others have it; types are loaded by nobody. */
const PACKAGES: Readonly<Record<string, { readonly from: RegExp; readonly used: RegExp }>> = {
  yargs: { from: /^vendor\/yargs$/, used: /^usage$/ },
  "yargs-parser": { from: /^vendor\/yargs-parser$/, used: /^command-line$/ },
  execa: { from: /^vendor\/execa$/, used: /^workload$/ },
  etcd3: { from: /^vendor\/etcd3$/, used: /^etcd\/(channel|interceptors)$/ },
  // What etcd3 speaks through.
  "@grpc/grpc-js": { from: /^vendor\/etcd3$/, used: /^etcd\// },
  "prom-client": { from: /^vendor\/prom-client$/, used: /^status\/metrics$/ },
  koffi: { from: /^vendor\/koffi$/, used: /^libc$/ },
};

/** Names that say nothing of what a file is for. */
const EMPTY_NAMES = /^(.*-)?(manager|handler|helper|util|service|common)s?(-.*)?$/;

interface Import {
  readonly from: string;
  /** A file of lib/, without folder and extension as in the tables; or a module or package. */
  readonly to: string;
  readonly kind: "file" | "module" | "package" | "outside";
  readonly typeOnly: boolean;
}

const SOURCES = new Map(filesIn("lib").map((path) => [nameOf(path), readFileSync(projectPath(path), "utf8")]));
const IMPORTS: readonly Import[] = [...SOURCES].flatMap(([name, source]) => importsOf(`lib/${name}.ts`, source));
const within = IMPORTS.filter(({ kind }) => kind === "file");

await test("every file of lib/ has its layer", async (t) => {
  for (const name of SOURCES.keys()) t.ok(layerOf(name) !== undefined, `name the layer of lib/${name}.ts in LAYERS`);
});

await test("imports in lib/ point down; on the same floor, only to types and named neighbours", async (t) => {
  for (const { from, to, typeOnly } of within) {
    const [own, other] = [layerOf(from) ?? -1, layerOf(to) ?? Infinity];
    const beside = own === 1 ? typeOnly || NEIGHBOURS.some(([a, b]) => a.test(from) && b.test(to)) : true;
    t.ok(other < own || (other === own && beside), `lib/${from}.ts (${own}) imports ${to} (${other})`);
  }
});

await test("the supervisor knows the outside by interfaces only", async (t) => {
  for (const { from, to, kind, typeOnly } of IMPORTS.filter((each) => layerOf(each.from) === 2))
    t.ok(kind === "file" && (typeOnly || [0, 2].includes(layerOf(to) ?? -1)), `lib/${from}.ts imports ${to}`);
});

await test("pure files touch nothing outside: no module with I/O, no process, no clock", async (t) => {
  const outside = /\b(process|performance|Date|setTimeout|setInterval|setImmediate|console|fetch)\s*[.(]/g;
  for (const [name, source] of SOURCES) {
    if (layerOf(name) !== 0) continue;
    for (const { to } of IMPORTS.filter(({ from, kind }) => from === name && kind !== "file"))
      t.ok(MODULES_OF_PURE_FILES[name]?.includes(to), `lib/${name}.ts imports ${to}`);
    for (const [, global = ""] of withoutComments(source).matchAll(outside))
      t.ok(GLOBALS_OF_PURE_FILES[name]?.includes(global), `lib/${name}.ts uses ${global}`);
  }
});

await test("each package has one place: yargs in usage, execa in workload, etcd3 in etcd/", async (t) => {
  for (const { from, to, typeOnly } of IMPORTS.filter(({ kind }) => kind === "package"))
    t.ok(PACKAGES[to]?.from.test(from) || (typeOnly && PACKAGES[to]?.used.test(from)), `lib/${from}.ts imports ${to}`);
  for (const { from, to } of within) {
    if (!to.startsWith("vendor/")) continue;
    const room = Object.values(PACKAGES).find((place) => place.from.test(to));
    t.ok(room?.used.test(from), `lib/${from}.ts imports ${to}`);
  }
});

await test("nothing in lib/ imports tests, demos or anything else outside it", async (t) => {
  for (const { from, to, kind } of IMPORTS) t.not(kind, "outside", `lib/${from}.ts imports ${to}`);
});

await test("no import goes round in a circle, not even of types", async (t) => {
  for (const name of SOURCES.keys()) t.equal(circle(name, [])?.join(" -> "), undefined, `from lib/${name}.ts`);
});

await test("the program loads nothing but the inbox before signals are caught", async (t) => {
  const source = readFileSync(projectPath("lib/program.ts"), "utf8");
  const first = importsOf("lib/program.ts", source.replace(/\bimport\(/g, "later("));
  t.same(first.map(({ to }) => to).toSorted(), ["inbox", "node:fs"]);
  t.same(
    importsOf("lib/program.ts", source).filter(({ to }) => !first.some((each) => each.to === to)),
    [{ from: "program", to: "main", kind: "file", typeOnly: false }],
  );
});

await test("no file of lib/ or bin/ has a name that says nothing", async (t) => {
  for (const path of [...filesIn("lib"), ...filesIn("bin")])
    for (const part of path.replace(/\.c?ts$/, "").split("/")) t.notMatch(part, EMPTY_NAMES, path);
});

await test("no file of lib/ or bin/ has a default export", async (t) => {
  for (const path of [...filesIn("lib"), ...filesIn("bin")]) {
    const source = withoutComments(readFileSync(projectPath(path), "utf8"));
    t.notMatch(source, /^export default\b|^export \{[^}]*\bas default\b/m, path);
  }
});

await test("this test reads every form of import", async (t) => {
  const source = [
    'import type { A } from "./a.js";',
    'import b, { type B } from "./b.js";',
    'import {\n  c1,\n  c2,\n} from "./etcd/c.js";',
    'export type { D } from "./d.js";',
    'export { e } from "./e.js";',
    'export * from "./f.js";',
    'import "node:fs";',
    'const { g } = await import("../test/g.js");',
    'import { h } from "@scope/pkg/deep";',
    '// import { no } from "./comment.js";',
    'export function x(text: string, from: string): string {\n  return "./no.js";\n}',
  ].join("\n");
  t.same(
    importsOf("lib/x.ts", source).map(({ to, kind, typeOnly }) => `${kind} ${to}${typeOnly ? " (type)" : ""}`),
    [
      ["file a (type)", "file b", "file etcd/c", "file d (type)", "file e", "file f", "module node:fs"],
      ["package @scope/pkg", "outside ../test/g.js"],
    ].flat(),
  );
});

/** TypeScript files below a folder of the project, named from the root. */
function filesIn(folder: string): string[] {
  if (!existsSync(projectPath(folder))) return [];
  return readdirSync(projectPath(folder), { recursive: true, encoding: "utf8" })
    .map((name) => posix.join(folder, name))
    .filter((path) => /(?<!\.d)\.c?ts$/.test(path));
}

function importsOf(path: string, source: string): Import[] {
  const text = withoutComments(source);
  const still = text.matchAll(/^(?:import|export)\s+(type\s+)?(?:[^"';]*?\sfrom\s+)?"([^"]+)"/gm);
  const later = text.matchAll(/()\bimport\(\s*"([^"]+)"/g);
  return [...still, ...later].map(([, type, specifier = ""]) => {
    const { to, kind } = destination(path, specifier);
    return { from: nameOf(path), to, kind, typeOnly: Boolean(type) };
  });
}

function destination(path: string, specifier: string): Pick<Import, "to" | "kind"> {
  if (specifier.startsWith("node:")) return { to: specifier, kind: "module" };
  if (!specifier.startsWith(".")) return { to: /^(@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? "", kind: "package" };
  const target = posix.join(posix.dirname(path), specifier);
  return target.startsWith("lib/") ? { to: nameOf(target), kind: "file" } : { to: specifier, kind: "outside" };
}

function nameOf(path: string): string {
  return path.replace(/^lib\//, "").replace(/\.[jt]s$/, "");
}

function layerOf(name: string): number | undefined {
  const layer = LAYERS.findIndex((files) => files.includes(name) || files.includes(`${posix.dirname(name)}/*`));
  return layer === -1 ? undefined : layer;
}

/** Comments go, strings stay as they are; good enough for sources that Prettier has formatted. */
function withoutComments(source: string): string {
  return source
    .replace(/\/\*[\s\S]*?\*\//g, "")
    .replace(/^\s*\/\/.*$/gm, "")
    .replace(/\s\/\/ .*$/gm, "");
}

/** The way from a file back to itself, if there is one. */
function circle(name: string, way: readonly string[]): string[] | undefined {
  if (name === way[0]) return [...way, name];
  if (way.includes(name)) return undefined;
  for (const { to } of within.filter(({ from }) => from === name)) {
    const found = circle(to, [...way, name]);
    if (found !== undefined) return found;
  }
  return undefined;
}
