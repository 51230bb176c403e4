import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t, { type Test } from "tap";
import { runCommand } from "./helpers/command.js";

const url = JSON.stringify(new URL("../lib/inherited.js", import.meta.url));

/** What a fresh process makes of the descriptors it was started with: `files[n]` is one to have as number `n + 3`. */
async function descriptors(t: Test, files: readonly (number | "ignore")[]): Promise<unknown> {
  const program = join(t.testdirName, "program.mjs");
  writeFileSync(
    program,
    `import { inheritedDescriptors } from ${url}; console.log(JSON.stringify(inheritedDescriptors()));`,
  );
  const env = { ...process.env, NODE_OPTIONS: "" };
  const child = spawn(process.execPath, [program], { env, stdio: ["ignore", "pipe", "inherit", ...files] });
  let text = "";
  child.stdout?.on("data", (part: Buffer) => (text += part.toString()));
  await once(child, "close");
  return JSON.parse(text);
}

await t.test("of open files those that whoever started us left open", async (t) => {
  t.testdir();
  const file = openSync(join(t.testdirName, "file"), "w");
  t.teardown(() => closeSync(file));
  const none = (count: number) => Array.from({ length: count }, () => "ignore" as const);
  t.same(await descriptors(t, []), []);
  t.same(await descriptors(t, [file]), [3]);
  t.same(await descriptors(t, [file, "ignore", file]), [3, 5]);
  t.same(await descriptors(t, [...none(12), file]), [15]);
  t.same(
    await descriptors(
      t,
      Array.from({ length: 13 }, () => file),
    ),
    [3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
  );
});

await t.test("the soft limit on open files is the parent's again", async (t) => {
  t.testdir();
  const program = join(t.testdirName, "program.mjs");
  writeFileSync(
    program,
    `import { spawnSync } from "node:child_process";
    import { restoreOpenFileLimit } from ${url};
    restoreOpenFileLimit();
    spawnSync("sh", ["-c", "ulimit -Sn; ulimit -Hn"], { stdio: "inherit" });`,
  );
  const env = { ...process.env, NODE_OPTIONS: "" };
  const limited = async (set: string) =>
    (
      await runCommand("sh", ["-c", `${set}; ulimit -Sn; ulimit -Hn; "$@"; exit $?`, "sh", process.execPath, program], {
        env,
      })
    ).stdout;
  for (const set of ["ulimit -Sn 512", "ulimit -n 512", "ulimit -Sn $(ulimit -Hn)"]) {
    const lines = (await limited(set)).split("\n");
    t.same(lines.slice(2, 4), lines.slice(0, 2), set);
  }
});
