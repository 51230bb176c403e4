import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import t from "tap";
import { projectPath } from "../helpers/paths.js";
import { asPid1, needsPid1 } from "../helpers/pid1.js";
import { runToEnd } from "../helpers/wrapper.js";
import { trapOf } from "./bug-of-ours.js";

const BUG = 70;

for (const [how, under, needs] of [
  ["as PID 1", asPid1, needsPid1],
  ["not as PID 1", [], {}],
] as const) {
  for (const kind of ["exception", "rejection"] as const) {
    await t.test(`${how}, ${kind} of ours before anything was started: 70, with its stack`, needs, async (t) => {
      const trap = trapOf(t, kind);
      trap.spring(); // it happens while the program is being loaded
      const { code, stdout, stderr } = await runToEnd(["--", "echo", "started"], { under, env: trap.env });
      t.match({ code, stdout }, { code: BUG, stdout: "" });
      t.match(stderr, /Error: an? \w+ of a bug(\n|\\n) +at /);
    });
  }

  // The first is there before the command line is read, the second to start the command.
  for (const part of ["yargs-parser", "execa"]) {
    await t.test(`${how}, a part of ours that cannot be loaded (${part}): 70, with its stack`, needs, async (t) => {
      const folder = mkdtempSync(join(tmpdir(), "while-leader-without-"));
      t.teardown(() => rmSync(folder, { recursive: true }));
      for (const name of ["package.json", "dist/bin", "dist/lib"]) {
        cpSync(projectPath(name), join(folder, name), { recursive: true });
      }
      rmSync(join(folder, `dist/lib/vendor/${part}.cjs`));
      const entry = join(folder, "dist/bin/while-leader.cjs");
      const { code, stdout, stderr } = await runToEnd(["--", "echo", "started"], { under, entry });
      t.match({ code, stdout }, { code: BUG, stdout: "" });
      t.match(stderr, new RegExp(`ENOENT.*/vendor/${part}\\.cjs.*(\\n|\\\\n) +at `));
    });
  }
}
