import { readFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { entriesOf, packed, reachable } from "../helpers/tarball.js";

/** What nothing runs, but whoever installs the package reads. */
const TO_READ = ["package.json", "README.md", "LICENSE", "dist/THIRD-PARTY-NOTICES.txt", "dist/sbom.cdx.json"];
/**
 * The code of all others that we need is in it, 1.4 MB, and 1.2 MB that V8 made of it; ours is 0.5 MB. Nothing else is installed but what
 * is optional: test/registry/ measures it.
 */
const MOST_BYTES = 4_000_000;
/** All that a start with an election loads: V8's code for it stands beside it. */
const COMPILED = ["program", "vendor/etcd3", "vendor/execa", "vendor/koffi", "vendor/yargs-parser"].map(
  (name) => `dist/lib/${name}.cjs.v8`,
);

const tarball = await packed(t);
const entries = entriesOf(tarball.manifest);
const reached = reachable(tarball.root, entries);

await t.test("the package holds only what runs, what a compiler reads and what a person reads", async (t) => {
  t.ok(entries.length >= 3, "a program, a library and its types");
  const superfluous = tarball.files.filter((file) => ![...reached.keys(), ...TO_READ, ...COMPILED].includes(file));
  t.same(superfluous, [], "nothing names it: add it to what runs, or take it out of `files`");
  t.ok(tarball.size < MOST_BYTES, `${tarball.size} bytes`);
});

await t.test("and all of it", async (t) => {
  for (const [file, from] of reached) t.ok(tarball.files.includes(file), `${file}, named by ${from}`);
  for (const file of [...TO_READ, ...COMPILED]) t.ok(tarball.files.includes(file), file);
});

await t.test("its types name no package that nobody installs with it", async (t) => {
  for (const file of tarball.files.filter((each) => each.endsWith(".d.ts")))
    t.notMatch(readFileSync(join(tarball.root, file), "utf8"), /(?:\bfrom|\bimport\(?) *["'][^."']/, file);
});

await t.test("what `bin` names is started by Node", async (t) => {
  for (const file of Object.values(tarball.manifest.bin))
    t.match(readFileSync(join(tarball.root, file), "utf8"), /^#!\/usr\/bin\/env node\n/);
});
