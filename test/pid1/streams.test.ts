import { readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { fixture } from "../helpers/paths.js";
import { asPid1, needsPid1 } from "../helpers/pid1.js";
import { runToEnd, startWrapper } from "../helpers/wrapper.js";

const closed = { stdin: [0], stdout: [1], stderr: [2], "all three": [0, 1, 2] };

for (const [how, above, needs] of [
  ["as PID 1", asPid1, needsPid1],
  ["not as PID 1", [], {}],
] as const) {
  await t.test(`${how}, streams that are closed stay so, and no file of ours takes their place`, needs, async (t) => {
    const folder = t.testdir();
    const runs = Object.entries(closed).map(async ([what, streams]) => {
      const file = join(folder, what);
      const close = `exec "$@" ${streams.map((stream) => `${stream}>&-`).join(" ")}`;
      const under = [...above, "sh", "-c", close, "sh"];
      const wrapper = startWrapper(["-vv", "--", fixture("show-streams.js"), file], { t, under, stdin: "pipe" });
      // Those that stay open can be read at once, by whatever name the process goes by then.
      const expected = [0, 1, 2].map((stream) =>
        streams.includes(stream) ? "/dev/null" : readlinkSync(`/proc/${wrapper.pid}/fd/${stream}`),
      );
      t.match(await wrapper.exitedWithin(), { code: 5 }, `the status, ${what} closed`);
      t.equal(readFileSync(file, "utf8"), `${expected.join("\n")}\n`, `what the command has, ${what} closed`);
    });
    await Promise.all(runs);
  });
}

await t.test(
  "as PID 1, stdin is the command's to its end, and stdout and stderr are what it printed",
  needsPid1,
  async (t) => {
    const text = `${"x".repeat(99)}\n`.repeat(20_000);
    const command = ["sh", "-c", "wc -c; echo to stderr >&2"];
    const { code, stdout, stderr } = await runToEnd(["-q", "--", ...command], { under: asPid1, stdin: { text } });
    t.match({ code, stdout: stdout.trim(), stderr }, { code: 0, stdout: "2000000", stderr: "to stderr\n" });
  },
);
