import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import t, { type Test } from "tap";
import { fixture, projectPath } from "../helpers/paths.js";
import { asPid1, namespaceOf, needsRoot } from "../helpers/pid1.js";
import { runToEnd, startWrapper } from "../helpers/wrapper.js";

// What a small image and a strict cluster leave of a system. Each is PID 1, in a root file system with Node, the program and
// what the commands need: no shell, no /tmp, no /etc.

const nobody = ["--reuid=65534", "--regid=65534", "--clear-groups"];
const powerless = ["--bounding-set=-all", "--inh-caps=-all", "--no-new-privs"];
interface Surroundings {
  flags?: string[];
  drop?: string[];
  /** What the kernel says of PID 1 then, in its status and its mounts. */
  shows?: RegExp[];
}

const readOnly = /^tmpfs \/ tmpfs ro,/m;
const [anotherUser, noCapabilities] = [/^Uid:\s65534\s/m, /^CapEff:\s0+$/m];

const surroundings: Record<string, Surroundings> = {
  "without a shell": {},
  "with a read-only root": { flags: ["--read-only"], shows: [readOnly] },
  "as a user other than root": { drop: nobody, shows: [anotherUser, noCapabilities] },
  "as root with all capabilities dropped": { drop: powerless, shows: [noCapabilities] },
  "as another user, with all capabilities dropped and a read-only root": {
    flags: ["--read-only"],
    drop: [...nobody, ...powerless],
    shows: [readOnly, anotherUser, noCapabilities],
  },
};

for (const [how, { flags = [], drop = [], shows = [] }] of Object.entries(surroundings)) {
  const needs = drop.length > 0 ? needsSetpriv() : needsRoot;

  await t.test(`${how}: signals arrive, leftovers are ended, the status comes back`, needs, async (t) => {
    const under = inRoot(t, flags, drop);
    const command = [process.execPath, fixture("leaves-daemon.js")];
    const wrapper = startWrapper(["--kill-after", "300ms", "--", ...command], { t, under });
    await wrapper.stdoutLine("ready");
    const space = await namespaceOf(wrapper);
    const daemon = space.outer(Number((await wrapper.stdoutLine(/^daemon /)).split(" ")[1]));
    t.ok(space.members().some(({ pid }) => pid === daemon));
    const kernel = ["status", "mounts"].map((name) => readFileSync(`/proc/${space.init}/${name}`, "latin1")).join("");
    for (const line of shows) t.match(kernel, line);
    space.kill("SIGHUP");
    await wrapper.stdoutLine("SIGHUP");
    space.kill("SIGTERM");
    t.match(await wrapper.exitedWithin(), { code: 7 });
    t.match(wrapper.stdout, /^daemon \d+\nready\nSIGHUP\nSIGTERM\n$/);
    t.match(await wrapper.event("killing"), { processes: 1 });
    const told = wrapper.events.filter(({ level }) => level === "warn" || level === "error");
    t.same(
      told.map(({ event }) => event),
      ["no-election", "killing"],
      "and nothing else is amiss",
    );
  });
}

await t.test(
  "without a shell a command that is not there is 127, and one that is a script of it too",
  needsRoot,
  async (t) => {
    const under = inRoot(t, [], []);
    const commands = ["/bin/sh", fixture("exit-with.sh")];
    const ended = await Promise.all(commands.map((command) => runToEnd(["--", command, "0"], { under })));
    t.same(
      ended.map(({ code }) => code),
      [127, 127],
    );
  },
);

/** Stands above the wrapper. */
function inRoot(t: Test, flags: readonly string[], drop: readonly string[]): string[] {
  const setpriv = drop.length > 0 ? [pathOf("setpriv")] : [];
  const program = ["dist", "node_modules", "package.json", "test/fixtures"].map(projectPath);
  const tools = [process.execPath, ...setpriv];
  const paths = new Set([...tools, ...tools.flatMap(librariesOf), ...program]);
  const changed = [...setpriv, ...drop];
  return [...asPid1, fixture("in-root.sh"), ...flags, t.testdir(), ...paths, "--", ...changed];
}

/** The shared libraries that a program is linked with, the loader included. */
function librariesOf(program: string): string[] {
  const { stdout } = spawnSync("ldd", [program], { encoding: "utf8" });
  return [...stdout.matchAll(/(?:^\s+|=> )(\/\S+) \(/gm)].map(([, path = ""]) => path);
}

function pathOf(program: string): string {
  return spawnSync("sh", ["-c", 'command -v "$0"', program], { encoding: "utf8" }).stdout.trim();
}

function needsSetpriv(): { readonly skip: false | string } {
  return pathOf("setpriv") === "" ? { skip: "needs setpriv of util-linux" } : needsRoot;
}
