import t from "tap";
import { startEtcd } from "../helpers/etcd-server.js";
import { asPid1, needsPid1 } from "../helpers/pid1.js";
import { startWrapper } from "../helpers/wrapper.js";
import { Stage } from "../integration/stage.js";
import { takesItsTime, trapOf } from "./bug-of-ours.js";

const BUG = 70;
const bugs = {
  decision: "a bug in the loop that decides",
  unprintable: "a bug that cannot be told",
} as const;

// Each mostly waits.
t.jobs = 2;
const etcd = await startEtcd({ t });

for (const kind of ["decision", "unprintable"] as const) {
  for (const [how, under, needs] of [
    ["as PID 1", asPid1, needsPid1],
    ["not as PID 1", [], {}],
  ] as const) {
    void t.test(
      `${how}, ${bugs[kind]}: the command may take its time, then the next one leads; 70`,
      { ...needs },
      async (t) => {
        const stage = new Stage(t, etcd);
        const trap = trapOf(t, kind);
        const { command, save } = takesItsTime(t);
        const standing = ["-n", stage.election, "--identity", "a", ...etcd.flags];
        const a = startWrapper([...standing, "--", ...command], { t, under, env: trap.env });
        await a.stdoutLine("ready");
        const b = await stage.standby("b");
        trap.spring();
        await a.stdoutLine("asked");
        await a.event("bug");
        t.same(await stage.identities(), ["a", "b"], "while the command lives the key stands");
        save();
        t.match(await a.exitedWithin(), { code: BUG });
        t.equal(a.stdout, "ready\nasked\nsaved\n");
        await stage.beating(b, { timeoutMs: 5_000 });
      },
    );
  }
}

void t.test("a bug where leadership is given back: it ends all the same, with 70", async (t) => {
  const stage = new Stage(t, etcd);
  const trap = trapOf(t, "resignation");
  const a = await stage.leader("a", { env: trap.env });
  trap.spring();
  await trap.sprung();
  a.kill("SIGTERM");
  t.match(await a.exitedWithin(5_000), { code: BUG });
});
