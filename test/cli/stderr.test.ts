import { execFileSync } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import t, { type Test } from "tap";
import { Child } from "../helpers/child.js";
import { startEtcd } from "../helpers/etcd-server.js";
import { processRow } from "../helpers/processes.js";
import { until } from "../helpers/until.js";
import { runToEnd, startWrapper } from "../helpers/wrapper.js";

/** A shell around the wrapper, which is "$@" in the script; "$0" is `argument`. */
const within = (script: string, argument = "sh") => ["sh", "-c", script, argument];

/** A pipe with room for 64 kB, which nobody reads before `drain` is called. */
function pipeOf(t: Test) {
  const folder = t.testdir();
  const [path, pidFile] = [join(folder, "pipe"), join(folder, "pid")] as const;
  execFileSync("mkfifo", [path]);
  let held: number | undefined = openSync(path, "r+");
  const release = () => {
    if (held !== undefined) closeSync(held);
    held = undefined;
  };
  t.teardown(release);
  return {
    path,
    pidFile,
    /** Resolves when the process that wrote its number to `pidFile` waits for room in the pipe: nothing else stops it. */
    full: () => {
      let looks = 0;
      const waits = () => processRow(Number(textOf(pidFile)))?.state === "S";
      return until("the pipe to be full", () => (looks = waits() ? looks + 1 : 0) >= 5);
    },
    /** Reads from now on, to the end. */
    drain: async (): Promise<string> => {
      const reader = new Child("sh", ["-c", 'exec <"$0"; echo open; cat', path], { t });
      await reader.stdoutLine("open");
      release();
      await reader.exitedWithin();
      return reader.stdout;
    },
  };
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

await t.test("40,000 lines to a slow reader arrive complete, with our log in the same pipe", async (t) => {
  const cluster = await startEtcd({ t });
  const { path, pidFile, full, drain } = pipeOf(t);
  const print = `echo $$ >${pidFile}; i=0; while [ $i -lt 20000 ]; do i=$((i + 1)); echo $i; echo $i >&2; done`;
  const under = within('exec "$@" >"$0" 2>&1', path);
  const wrapper = startWrapper(["-vv", "-n", "jobs", ...cluster.flags, "sh", "-c", print], { t, under });
  await full();
  const text = await drain();
  t.match(await wrapper.exitedWithin(), { code: 0 });
  const lines = text.split("\n").filter((line) => /^\d+$/.test(line));
  t.equal(lines.length, 40_000);
  t.same(
    lines.filter((line, index) => line !== String(Math.ceil((index + 1) / 2))),
    [],
  );
  t.match(text, /"event":"exiting"/);
});

await t.test("a stderr that nobody reads, full to the brim, holds nothing up", async (t) => {
  const { path, pidFile, full } = pipeOf(t);
  const fill = `echo $$ >${pidFile}; while :; do echo noise; done >&2`;
  const wrapper = startWrapper(["-vv", "sh", "-c", fill], { t, under: within('exec "$@" 2>"$0"', path) });
  await full();
  wrapper.kill("SIGTERM");
  t.match(await wrapper.exitedWithin(5_000), { code: 143 });
});

await t.test("a stderr that is closed, full or a broken pipe does no harm", async (t) => {
  const command = ["-vv", "sh", "-c", "echo out; exit 7"];
  const scripts = ['exec "$@" 2>&-', 'exec "$@" 2>/dev/full', '{ "$@"; echo $?; } 2>&1 >&3 3>&- | true'];
  const [closed, full, broken] = await Promise.all(
    scripts.map((script) => runToEnd(command, { under: within(`exec 3>&1; ${script}`) })),
  );
  t.match(
    [closed, full],
    [
      { code: 7, stdout: "out\n" },
      { code: 7, stdout: "out\n" },
    ],
  );
  t.equal(broken?.stdout, "out\n7\n");
});
