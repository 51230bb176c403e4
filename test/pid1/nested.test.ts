import { spawnSync } from "node:child_process";
import t, { type Test } from "tap";
import { fixture, projectPath } from "../helpers/paths.js";
import { asPid1, namespaceOf, needsPid1 } from "../helpers/pid1.js";
import { isAlive } from "../helpers/processes.js";
import { startWrapper, type Wrapper } from "../helpers/wrapper.js";

t.jobs = 2; // some mostly wait for three starts of Node, one after the other

interface Nest {
  /** What stands above the wrapper. */
  above?: string[];
  /** What stands between the wrapper and the command. */
  between: string[];
  needs?: { readonly skip: false | string };
}

function nests(killAfter: string): [string, Nest][] {
  const self = [process.execPath, projectPath("dist/bin/while-leader.cjs"), "--kill-after", killAfter, "--"];
  const nested: Record<string, Nest> = {
    "in itself twice": { between: [...self, ...self] },
    "under tini": { above: ["tini", "--"], between: [], needs: needsTool("tini") },
    "under tini that signals its group": { above: ["tini", "-g", "--"], between: [], needs: needsTool("tini") },
    "above tini": { between: ["tini", "-s", "--"], needs: needsTool("tini") },
    "under dumb-init": { above: ["dumb-init"], between: [], needs: needsTool("dumb-init") },
    "above dumb-init": { between: ["dumb-init"], needs: needsTool("dumb-init") },
    "above dumb-init that makes no session": { between: ["dumb-init", "-c"], needs: needsTool("dumb-init") },
  };
  return Object.entries(nested);
}

for (const [how, { above = [], between, needs = needsPid1 }] of nests("8s")) {
  void t.test(`as PID 1, ${how}: one SIGTERM arrives once, and the status comes back`, { ...needs }, async (t) => {
    const command = [...between, fixture("signals.js"), "--exit-on", "SIGUSR2=7"];
    const wrapper = startWrapper(command, { t, under: [...asPid1, ...above] });
    await wrapper.stdoutLine("ready");
    const space = await namespaceOf(wrapper);
    // Were SIGTERM to come twice, the second one would be there before the one that ends it all.
    for (const signal of ["SIGUSR1", "SIGTERM", "SIGUSR2"] as const) {
      space.kill(signal);
      await wrapper.stdoutLine(signal);
    }
    t.match(await wrapper.exitedWithin(), { code: 7 });
    t.equal(wrapper.stdout, "ready\nSIGUSR1\nSIGTERM\nSIGUSR2\n");
  });
}

for (const [how, { between, needs = {} }] of nests("200ms").filter(([, { above }]) => above === undefined)) {
  void t.test(`not as PID 1, ${how}: nobody is left`, { ...needs }, async (t) => {
    const command = [...between, fixture("leaves-daemon.sh"), "--exit", "3"];
    const wrapper = startWrapper(["--kill-after", "200ms", "--", ...command], { t });
    const left = await leftovers(t, wrapper);
    t.match(await wrapper.exitedWithin(), { code: 3 });
    t.same(left.filter(isAlive), []);
    t.same(wrapper.descendants(), []);
  });
}

void t.test("under tini as PID 1: nobody is left when the wrapper ends", needsTool("tini"), async (t) => {
  // Lists whoever lives when the wrapper has ended, which should be tini itself and this shell. A zombie is tini's to reap.
  const list = `"$@"; status=$?
    for one in /proc/[0-9]*; do
      read -r stat <$one/stat || continue
      case $stat in *") Z "*) ;; *) echo "there $stat" ;; esac
    done 2>/dev/null
    exit $status`;
  const under = [...asPid1, "tini", "--", "sh", "-c", list, "sh"];
  const command = [fixture("leaves-daemon.sh"), "--exit", "3"];
  const wrapper = startWrapper(["--kill-after", "200ms", "--", ...command], { t, under });
  await leftovers(t, wrapper);
  t.match(await wrapper.exitedWithin(), { code: 3 });
  const there = [...wrapper.stdout.matchAll(/^there \d+ \((.*?)\)/gm)].map(([, name]) => name);
  t.same(there, ["tini", "sh"], wrapper.stdout);
});

async function leftovers(t: Test, wrapper: Wrapper): Promise<number[]> {
  await wrapper.stdoutLine("ready");
  const left = [...wrapper.stdout.matchAll(/^(?:daemon|job) (\d+)$/gm)].map(([, pid]) => Number(pid));
  t.equal(left.length, 2);
  return left;
}

/** Of what is run as PID 1 or not, by root or not. */
function needsTool(name: string): { readonly skip: false | string } {
  const { error } = spawnSync(name, ["--version"]);
  return error ? { skip: `needs ${name}: ${error.message}` } : needsPid1;
}
