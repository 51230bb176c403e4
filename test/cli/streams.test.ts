import { constants, readlinkSync } from "node:fs";
import t from "tap";
import { runToEnd, startWrapper } from "../helpers/wrapper.js";

/** A shell around the wrapper, which is "$@" in the script; "$0" is `argument`. */
const within = (script: string, argument = "sh") => ["sh", "-c", script, argument];

// just-containers/s6-overlay#413: without a terminal it was dropped.
await t.test("stdin is the command's, to its end", async (t) => {
  const text = `${"x".repeat(99)}\n`.repeat(20_000);
  const { code, stdout } = await runToEnd(["-q", "wc", "-c"], { stdin: { text } });
  t.match({ code, stdout: stdout.trim() }, { code: 0, stdout: "2000000" });
});

await t.test("stdin is not read ahead: what the command leaves is there for the next", async (t) => {
  const under = within('"$@" && cat');
  const read = await runToEnd(["-q", "sh", "-c", 'read line; echo "first: $line"'], {
    under,
    stdin: { text: "1\n2\n3\n" },
  });
  t.equal(read.stdout, "first: 1\n2\n3\n");
});

await t.test("a stdin that is closed is at its end", async (t) => {
  t.match(await runToEnd(["-q", "cat"], { under: within('"$@" <&-') }), { code: 0, stdout: "" });
});

await t.test("stdin, stdout and stderr are the very files that the wrapper has", async (t) => {
  const wrapper = startWrapper(["sleep", "300"], { t, stdin: "pipe" });
  const { pid } = await wrapper.event("started");
  const files = (of: unknown) => [0, 1, 2].map((fd) => readlinkSync(`/proc/${String(of)}/fd/${fd}`));
  t.same(files(pid), files(wrapper.pid));
});

await t.test("no stream is made non-blocking, whatever is logged", async (t) => {
  const script = 'trap "cat /proc/$$/fdinfo/[012]; exit 0" USR1; sleep 300 & echo ready; wait';
  const under = within('cat | "$@" | cat');
  const wrapper = startWrapper(["-vv", "sh", "-c", script], { t, stdin: "pipe", under });
  await wrapper.stdoutLine("ready");
  process.kill(Number((await wrapper.event("started"))["pid"]), "SIGUSR1");
  await wrapper.event("exiting");
  wrapper.stdin?.end();
  await wrapper.exitedWithin();
  const flags = [...wrapper.stdout.matchAll(/^flags:\s*(\d+)$/gm)].map(([, octal]) => parseInt(octal ?? "", 8));
  t.equal(flags.length, 3);
  t.same(
    flags.filter((flag) => flag & constants.O_NONBLOCK),
    [],
  );
});
