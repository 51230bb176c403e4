import t, { type Test } from "tap";
import { runCommand } from "./helpers/command.js";
import { until } from "./helpers/until.js";
import { startWrapper, type Wrapper, type WrapperOptions } from "./helpers/wrapper.js";

const npm = { npm_command: "run-script", npm_execpath: "npm", npm_lifecycle_script: "while-leader" };
const asNpm = `env ${Object.entries(npm)
  .map((pair) => pair.join("="))
  .join(" ")}`;
const linux = { skip: process.platform === "linux" ? false : "processes are looked up in Linux's /proc" };
const setsid = { skip: (await runCommand("setsid", ["true"])).code === 0 ? false : "no setsid here, of util-linux" };
const hidden = "mount -t tmpfs none /proc";
const unshare = {
  skip: (await runCommand("unshare", ["-m", "sh", "-c", hidden])).code === 0 ? false : "not root here",
};

t.jobs = 2;

for (const env of [{}, { npm_execpath: "npm" }]) {
  void t.test(`a wrapper that npm did not start outlives its parent ${JSON.stringify(env)}`, async (t) => {
    const wrapper = startUnder(t, '"$@" & read line', { env });
    await wrapper.stdoutLine("beat");
    await endParent(wrapper);
    await goesOn(t, wrapper);
  });
}

void t.test("started by npm, the end of the parent is a SIGTERM", async (t) => {
  const wrapper = startUnder(t, `${asNpm} "$@" & read line`);
  await wrapper.stdoutLine("beat");
  await endParent(wrapper);
  t.match(await wrapper.event("stopping"), { cause: "SIGTERM" });
  t.match(await wrapper.event("exiting"), { status: 143 });
});

void t.test("also if that was before the wrapper began", linux, async (t) => {
  const wrapper = startUnder(t, `exec 3<&0; (read line <&3; exec ${asNpm} "$@") &`, { detached: true });
  await wrapper.exitedWithin();
  wrapper.stdin?.write("begin\n");
  t.match(await wrapper.event("exiting"), { status: 143 });
});

void t.test("a daemon out of an npm script has no npm to lose", async (t) => {
  const wrapper = startUnder(t, 'exec 3<&0; (read line <&3; "$@"; exit $?) &', { detached: true, env: npm });
  await wrapper.exitedWithin();
  wrapper.stdin?.write("begin\n");
  await wrapper.stdoutLine("beat");
  await goesOn(t, wrapper);
});

void t.test("what is above a session does not count", setsid, async (t) => {
  const wrapper = startUnder(t, `setsid sh -c '"$@"; exit $?' sh "$@" & read line`, { env: npm });
  await wrapper.stdoutLine("beat");
  await endParent(wrapper);
  await goesOn(t, wrapper);
});

void t.test("without /proc the parent is watched all the same", unshare, async (t) => {
  const wrapper = startUnder(t, `${hidden}; ${asNpm} "$@" & read line`, { above: ["unshare", "-m"] });
  await wrapper.stdoutLine("beat");
  await endParent(wrapper);
  t.match(await wrapper.event("exiting"), { status: 143 });
});

/** Starts while-leader in a shell's script, as its "$@". */
function startUnder(t: Test, script: string, options: WrapperOptions & { above?: readonly string[] } = {}): Wrapper {
  const { above = [], ...rest } = options;
  const beats = ["sh", "-c", "while :; do echo beat; sleep 0.1; done"];
  return startWrapper(beats, { t, under: [...above, "sh", "-c", script, "sh"], stdin: "pipe", ...rest });
}

/** Ends a script that reads one line. */
async function endParent(wrapper: Wrapper): Promise<void> {
  wrapper.stdin?.write("end\n");
  await wrapper.exitedWithin();
}

async function goesOn(t: Test, wrapper: Wrapper): Promise<void> {
  const before = wrapper.stdout.length;
  await until("a second of beats", () => wrapper.stdout.length > before + 10 * "beat\n".length);
  t.notOk(wrapper.events.some(({ event }) => event === "stopping"));
}
