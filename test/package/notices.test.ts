import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import t, { type Test } from "tap";
import { runCommand, type Finished } from "../helpers/command.js";
import { projectPath } from "../helpers/paths.js";
import { packed } from "../helpers/tarball.js";

/** Where the build leaves what esbuild tells of each bundle. */
const META = projectPath("dist/build");

interface Bill {
  readonly components: readonly { readonly name: string; readonly version: string; readonly purl: string }[];
}

await t.test("each package in a bundle that is shipped has its licence in the package", async (t) => {
  const { root } = await packed(t);
  const metafiles = readdirSync(META).filter((file) => file.endsWith(".meta.json"));
  t.ok(metafiles.length > 0);
  const paths = metafiles.flatMap((file) => inputsOf(readFileSync(join(META, file), "utf8")));
  holdsAll(t, join(root, "dist"), paths);
});

await t.test("each package in a bundle gets its licence, all of it, and is in the bill", async (t) => {
  const folder = t.testdir();
  const metafile = await bundle(folder, 'export * from "execa"; export * from "@grpc/grpc-js";', projectPath(""));
  t.match(await notices(folder), { code: 0, stderr: "" });
  holdsAll(t, folder, inputsOf(metafile));
  const { components } = JSON.parse(readFileSync(join(folder, "sbom.cdx.json"), "utf8")) as Bill;
  t.ok(components.length > 10);
  t.match(
    components.find(({ name }) => name === "@grpc/grpc-js"),
    { purl: /^pkg:npm\/%40grpc\/grpc-js@1\.\d+\.\d+$/, licenses: [{ expression: "Apache-2.0" }] },
  );
});

await t.test("a package without a licence text is refused", async (t) => {
  const folder = t.testdir();
  const root = join(folder, "node_modules/bare");
  mkdirSync(root, { recursive: true });
  const manifest = { name: "bare", version: "1.2.3", license: "MIT", main: "bare.js" };
  writeFileSync(join(root, "package.json"), JSON.stringify(manifest));
  writeFileSync(join(root, "bare.js"), "module.exports = 1;");
  await bundle(folder, 'import "bare";', folder);
  t.match(await notices(folder, folder), { code: 1, stderr: "no licence text to hand on: bare 1.2.3\n" });
});

/** Bundles a program, and leaves its metafile in the folder. */
async function bundle(folder: string, contents: string, resolveDir: string): Promise<string> {
  const options = { bundle: true, write: false, metafile: true, platform: "node", format: "esm" } as const;
  const { metafile } = await build({ ...options, stdin: { contents, resolveDir }, absWorkingDir: resolveDir });
  writeFileSync(join(folder, "meta.json"), JSON.stringify(metafile));
  return JSON.stringify(metafile);
}

function notices(folder: string, cwd = projectPath("")): Promise<Finished> {
  const script = projectPath("dist/build/notices.js");
  return runCommand(process.execPath, [script, folder, join(folder, "meta.json")], { cwd });
}

/** The files in a bundle, without what the build itself has written into it: `NAMESPACE:…`. */
function inputsOf(metafile: string): string[] {
  const inputs = Object.keys((JSON.parse(metafile) as { inputs: object }).inputs);
  return inputs.filter((path) => !/^[\w-]+:/.test(path));
}

/** Every file of another package stands for its whole folder, up to its package.json with a version. */
function holdsAll(t: Test, folder: string, inputs: readonly string[]): void {
  const told = readFileSync(join(folder, "THIRD-PARTY-NOTICES.txt"), "utf8");
  const bill = JSON.parse(readFileSync(join(folder, "sbom.cdx.json"), "utf8")) as Bill;
  const roots = new Set(inputs.flatMap((path) => /.*node_modules\/(@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []));
  t.equal(bill.components.length, roots.size);
  for (const root of roots) {
    const { name, version } = JSON.parse(
      readFileSync(projectPath(`${root}/package.json`), "utf8"),
    ) as Bill["components"][0];
    t.ok(told.includes(`\n${name} ${version} (`), `${name} ${version} is named`);
    t.ok(
      bill.components.some((each) => each.name === name && each.version === version),
      `${name} ${version} is in the bill`,
    );
    const texts = readdirSync(projectPath(root)).filter((file) => /^licen[cs]e/i.test(file));
    t.ok(texts.length > 0, `${name} has a licence text`);
    for (const text of texts) t.ok(told.includes(readFileSync(projectPath(`${root}/${text}`), "utf8").trim()), text);
  }
}
