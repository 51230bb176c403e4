import t from "tap";
import { startEtcd } from "../helpers/etcd-server.js";
import { fixture } from "../helpers/paths.js";
import { asPid1, namespaceOf, needsPid1 } from "../helpers/pid1.js";
import { until } from "../helpers/until.js";
import { startWrapper } from "../helpers/wrapper.js";
import { Stage, WIDE_MARGIN } from "../integration/stage.js";
import { trapOf, type Bug } from "./bug-of-ours.js";

// Ends of Node that no JavaScript sees. To PID 1 they must be what SIGKILL is: the kernel takes the whole namespace along.

// Enough to start in, and soon full.
const SMALL_HEAP = "--max-old-space-size=48";
const under = ["sh", "-c", 'ulimit -c 0; exec "$@"', "sh", ...asPid1];
const LIMIT = { timeoutMs: 5_000 };

for (const [kind, what] of Object.entries({ memory: "out of memory", abort: "an abort" })) {
  await t.test(`as PID 1, ${what} of ours: nothing of the namespace is left`, needsPid1, async (t) => {
    const trap = trapOf(t, kind as Bug, SMALL_HEAP);
    const wrapper = startWrapper([fixture("leaves-daemon.sh"), "--clean-env"], { t, under, env: trap.env });
    await wrapper.stdoutLine("ready");
    const space = await namespaceOf(wrapper);
    t.equal(space.members().length, 4, "the wrapper, the command, the daemon and the job");
    trap.spring();
    t.not((await wrapper.exitedWithin()).code, 0);
    await until("the end of all of them", () => space.members().length === 0, LIMIT);
    if (kind === "memory") t.match(wrapper.stderr, /heap out of memory/);
  });
}

const etcd = await startEtcd({ t });

for (const [how, above, needs] of [
  ["as PID 1", under, needsPid1],
  ["not as PID 1", under.slice(0, 4), {}],
] as const) {
  await t.test(`${how}, out of memory while leading: the next one leads, and never two at once`, needs, async (t) => {
    // Soon over, while Node takes a second or two to die of it, in which it does nothing else: that is the guard's.
    const stage = new Stage(t, etcd, { ttl: 3 });
    const trap = trapOf(t, "memory", SMALL_HEAP);
    const standing = ["-n", stage.election, "--ttl", "3s", ...WIDE_MARGIN, ...etcd.flags];
    const a = startWrapper([...standing, "--", ...stage.workload()], { t, under: above, env: trap.env });
    await stage.beating(a);
    const b = await stage.standby("b");
    trap.spring();
    await a.exitedWithin();
    await stage.beating(b);
    t.same(stage.violations(), []);
  });
}
