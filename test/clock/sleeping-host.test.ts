import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { startEtcd } from "../helpers/etcd-server.js";
import { namesAfter, newest, renewals, Stage, tokenOf } from "../integration/stage.js";

// A supervisor looks at the clock this often, whatever happens (`lib/supervisor.ts`); twice, on a machine that is busy.
const MOMENT = 2 * 500;

t.jobs = 2;
const etcd = await startEtcd({ t });

void t.test("a host that slept past its lease's end kills the command soon after it wakes, and rejoins", async (t) => {
  const stage = new Stage(t, etcd);
  const host = sleeper(stage);
  const a = await stage.leader("a", { ...host, command: stage.workload("--ignore-term") });
  const b = await stage.standby("b");
  const at = Number(process.hrtime.bigint()) / 1e6;
  host.sleep(3_600);
  t.match(await a.event("lost"), { reason: "expired" });
  t.match(await a.event("exited"), { signal: "SIGKILL" });
  const token = tokenOf(await a.event("elected"));
  const last = stage.beats().findLast((beat) => beat.token === token)?.at ?? Infinity;
  t.ok(last - at < MOMENT, `${last - at} ms`);
  await stage.beating(b);
  t.same(stage.violations(), []);
  // Awake, it is as good as any other, and its guard too.
  const rejoining = await a.event("rejoining");
  await a.event("standby", { after: rejoining });
  b.kill("SIGTERM");
  await stage.beating(a, { after: rejoining });
  await renewals(a, 2);
  t.notOk(namesAfter(a, rejoining).some((name) => ["lost", "guard-fired", "guard-died"].includes(name)));
});

void t.test("a host that slept for less keeps its term", async (t) => {
  const stage = new Stage(t, etcd);
  const host = sleeper(stage);
  const a = await stage.leader("a", host);
  const before = newest(a, "started");
  host.sleep(2);
  await renewals(a, 3);
  t.notOk(before && namesAfter(a, before).some((name) => ["lost", "stopping", "guard-fired"].includes(name)));
  t.equal((await stage.nextBeat()).token, tokenOf(await a.event("elected")));
});

/** What a candidate needs to be on a host that can be put to sleep. */
function sleeper({ folder }: Stage) {
  const file = join(folder, "slept");
  return {
    env: { NODE_OPTIONS: `--import=${new URL("sleeping-host.js", import.meta.url).href}`, SLEPT_FILE: file },
    sleep(seconds: number): void {
      writeFileSync(`${file}-`, String(seconds));
      renameSync(`${file}-`, file);
    },
  };
}
