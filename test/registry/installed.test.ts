import { existsSync, lstatSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { runCommand } from "../helpers/command.js";
import { npm, packed } from "../helpers/tarball.js";

/** With all that it depends on. */
const MOST_BYTES = 6_000_000;
/** koffi's library for this kind of machine, which comes along unless npm is told `--omit=optional`. */
const OPTIONAL = "@koromix";

const tarball = await packed(t);
const cwd = t.testdir({ "package.json": JSON.stringify({ name: "some", version: "1.0.0", type: "module" }) });
await npm(["install", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund", tarball.file], { cwd });
const root = join(cwd, "node_modules");

await t.test(`installed with its dependencies, it takes less than ${MOST_BYTES / 1e6} MB`, async (t) => {
  const { packages } = JSON.parse(readFileSync(join(root, ".package-lock.json"), "utf8")) as { packages: object };
  const [bytes, optional] = [sizeOf(root), sizeOf(join(root, OPTIONAL))];
  const megabytes = (size: number): string => (size / 1e6).toFixed(2);
  t.comment(
    `${Object.keys(packages).length} packages, ${megabytes(bytes)} MB; ${megabytes(bytes - optional)} MB without ${OPTIONAL}`,
  );
  t.ok(bytes < MOST_BYTES, `${bytes} bytes`);
});

await t.test("a program finds the library, imported and required", async (t) => {
  writeFileSync(
    join(cwd, "a.js"),
    'import { superviseWhileLeading as run } from "while-leader"; process.exitCode = await run({ command: ["sh", "-c", "exit 3"] });',
  );
  writeFileSync(
    join(cwd, "a.cjs"),
    'const { superviseWhileLeading: run } = require("while-leader"); run({ command: ["sh", "-c", "exit 4"] }).then((status) => { process.exitCode = status; });',
  );
  t.equal((await runCommand(process.execPath, ["a.js"], { cwd })).code, 3);
  t.equal((await runCommand(process.execPath, ["a.cjs"], { cwd })).code, 4);
});

await t.test("no known hole is in what is installed, nor in what is bundled", async (t) => {
  const { components } = bill(join(root, "while-leader/dist/sbom.cdx.json"));
  // What is bundled as if it were installed; of two versions of a package under another name each.
  const bundled = components.map(({ name, version }, index) => [`bundled-${index}`, `npm:${name}@${version}`]);
  const own = JSON.parse(readFileSync(join(root, "while-leader/package.json"), "utf8")) as Dependents;
  const { optionalDependencies } = own;
  const dependencies = { ...Object.fromEntries(bundled), ...own.dependencies };
  const all = { name: "audited", version: "1.0.0", dependencies, optionalDependencies };
  const audited = t.testdir({ "package.json": JSON.stringify(all) });
  await npm(["install", "--package-lock-only", "--ignore-scripts", "--no-audit"], { cwd: audited });
  const { code, stdout, stderr } = await runCommand("npm", ["audit", "--omit=dev", "--audit=true"], { cwd: audited });
  const refused =
    /audit endpoint returned an error/.test(stderr) && `the registry answers none: ${stderr.split("\n")[0]}`;
  t.equal(refused ? 0 : code, 0, refused ? "an audit" : stdout + stderr, { skip: refused });
});

interface Dependents {
  readonly dependencies?: Record<string, string>;
  readonly optionalDependencies?: Record<string, string>;
}

function bill(file: string): { components: readonly { name: string; version: string }[] } {
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : { components: [] };
}

/** The bytes of all files below a folder. */
function sizeOf(folder: string): number {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((path) => lstatSync(join(folder, path)))
    .reduce((sum, stats) => sum + (stats.isFile() ? stats.size : 0), 0);
}
