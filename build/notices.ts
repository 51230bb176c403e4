// notices.js FOLDER METAFILE...
//
// Writes what has to be said of the packages whose code esbuild has put into ours, as its metafiles tell:
// FOLDER/THIRD-PARTY-NOTICES.txt with the text of each licence, and FOLDER/sbom.cdx.json, in which a scanner finds them
// (CycloneDX 1.5). What npm installs beside us is in neither: it brings its own. Paths in a metafile are relative to the
// working directory. Ends with 1 if a package has no licence text.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

interface Bundled {
  readonly name: string;
  readonly version: string;
  /** An SPDX expression. */
  readonly license: string;
  readonly texts: readonly string[];
}

const [folder, ...metafiles] = process.argv.slice(2);
if (folder === undefined || metafiles.length === 0) throw new Error("usage: notices.js FOLDER METAFILE...");

const roots = new Set(metafiles.flatMap(inputsOf).flatMap(rootOf));
const bundled = [...roots].map(readPackage).toSorted((a, b) => (titleOf(a) < titleOf(b) ? -1 : 1));
const bare = bundled.filter(({ texts }) => texts.length === 0);
if (bare.length > 0) {
  console.error(`no licence text to hand on: ${bare.map(titleOf).join(", ")}`);
  process.exitCode = 1;
} else {
  writeFileSync(join(folder, "THIRD-PARTY-NOTICES.txt"), noticesOf(bundled));
  writeFileSync(join(folder, "sbom.cdx.json"), `${JSON.stringify(billOf(bundled), null, 1)}\n`);
}

function inputsOf(metafile: string): string[] {
  return Object.keys((JSON.parse(readFileSync(metafile, "utf8")) as { inputs: object }).inputs);
}

/** The folder of the package that a file belongs to; none for our own files, and for what a plugin has made (`NAMESPACE:…`). */
function rootOf(input: string): string[] {
  if (/^[\w-]+:/.test(input)) return [];
  return /^.*\bnode_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(input) ?? [];
}

function readPackage(root: string): Bundled {
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Omit<Bundled, "texts">;
  const { name, version, license } = manifest;
  if (typeof license !== "string") throw new Error(`${root}/package.json names no licence`);
  const files = readdirSync(root).filter((file) => /^(licen[cs]e|copying|notice)/i.test(file));
  const texts = files.toSorted().map((file) => readFileSync(join(root, file), "utf8").trim());
  return { name, version, license, texts };
}

function titleOf({ name, version }: Bundled): string {
  return `${name} ${version}`;
}

function noticesOf(packages: readonly Bundled[]): string {
  const parts = packages.map((each) => [`${titleOf(each)} (${each.license})`, ...each.texts].join("\n\n"));
  const first = `while-leader holds code of ${packages.length === 0 ? "no other package" : "these packages"}.`;
  return `${[first, ...parts].join(`\n\n${"-".repeat(80)}\n\n`)}\n`;
}

function billOf(packages: readonly Bundled[]): object {
  const components = packages.map(({ name, version, license }) => {
    const purl = `pkg:npm/${name.replace("@", "%40")}@${version}`;
    return { type: "library", "bom-ref": purl, name, version, purl, licenses: [{ expression: license }] };
  });
  return { bomFormat: "CycloneDX", specVersion: "1.5", version: 1, components };
}
