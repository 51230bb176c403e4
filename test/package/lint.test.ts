import { readFileSync } from "node:fs";
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import { publint } from "publint";
import t from "tap";
import { packed } from "../helpers/tarball.js";

const { file } = await packed(t);
const bytes = new Uint8Array(readFileSync(file));

await t.test("publint finds nothing to say, suggestions included", async (t) => {
  const { messages } = await publint({ pack: { tarball: bytes.buffer }, level: "suggestion" });
  t.same(messages, []);
});

// The package is ESM alone, as attw's own profile "esm-only" has it: what was before `exports` cannot find it, and a
// CommonJS program needs a Node that can require() a module, as each that `engines` allows can.
const NOT_FOR_ESM = new Set<unknown>(["node10", "node16-cjs"]);

await t.test("the types are those of the code, for every way to resolve an ES module", async (t) => {
  const result = await checkPackage(createPackageFromTarballData(bytes));
  const problems = result.types ? result.problems : ["it has no types"];
  const ofEsm = (problem: string | object): boolean =>
    typeof problem === "string" || !("resolutionKind" in problem && NOT_FOR_ESM.has(problem.resolutionKind));
  t.same(problems.filter(ofEsm), []);
});
