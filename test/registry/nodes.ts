import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import { MAJORS, nodeRelease } from "../helpers/node-releases.js";
import { projectPath } from "../helpers/paths.js";

// The core of the tests with other releases of Node: nodes.js [MAJOR...]. What a test starts, it starts with its own.

const CORE = ["cli", "pid1", "guard", "integration", "library"];

const own = process.versions.node.split(".")[0] ?? "";
const asked = process.argv.slice(2);
const files = CORE.flatMap((folder) =>
  readdirSync(projectPath(`dist/test/${folder}`))
    .filter((name) => name.endsWith(".test.js"))
    .map((name) => `dist/test/${folder}/${name}`),
);

for (const major of asked.length > 0 ? asked : MAJORS.filter((each) => each !== own)) {
  const bin = await nodeRelease(major);
  const env = { ...process.env, PATH: [bin, process.env.PATH].join(delimiter) };
  console.log(`Node ${spawnSync(join(bin, "node"), ["--version"], { encoding: "utf8" }).stdout.trim()}`);
  const tap = [projectPath("node_modules/.bin/tap"), "--jobs=1", "--timeout=400", ...files];
  const { status } = spawnSync(join(bin, "node"), tap, { env, cwd: projectPath(""), stdio: "inherit" });
  if (status !== 0) process.exitCode = 1;
}
