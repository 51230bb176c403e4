import { readFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { entriesOf, packed, reachable } from "../helpers/tarball.js";

/** What nothing runs, but whoever installs the package reads. */
const TO_READ = ["package.json", "README.md", "LICENSE", "dist/THIRD-PARTY-NOTICES.txt", "dist/sbom.cdx.json"];
/** Of the package alone; what it depends on is measured with the registry, in test/registry/. */
const MOST_BYTES = 2_000_000;

const tarball = await packed(t);
const entries = entriesOf(tarball.manifest);
const reached = reachable(tarball.root, entries);

await t.test("the package holds only what runs, what a compiler reads and what a person reads", async (t) => {
  t.ok(entries.length >= 3, "a program, a library and its types");
  const superfluous = tarball.files.filter((file) => !reached.has(file) && !TO_READ.includes(file));
  t.same(superfluous, [], "nothing names it: add it to what runs, or take it out of `files`");
  t.ok(tarball.size < MOST_BYTES, `${tarball.size} bytes`);
});

await t.test("and all of it", async (t) => {
  for (const [file, from] of reached) t.ok(tarball.files.includes(file), `${file}, named by ${from}`);
  for (const file of TO_READ) t.ok(tarball.files.includes(file), file);
});

await t.test("what `bin` names is started by Node", async (t) => {
  for (const file of Object.values(tarball.manifest.bin))
    t.match(readFileSync(join(tarball.root, file), "utf8"), /^#!\/usr\/bin\/env node\n/);
});
