import t, { type Test } from "tap";
import { lateSteps, processesOf, said, stopping, type Late } from "../clock/thaws.js";
import { startEtcd } from "../helpers/etcd-server.js";
import { Freezer, needsFreezer } from "../helpers/freezer.js";
import { Stage } from "../integration/stage.js";

// How many steps an old leader's command makes after a standstill that outlasted its lease, and for how long.
const THAWS = 30;
const TTL = 2;
// A supervisor looks at the clock this often, whatever happens (`lib/supervisor.ts`), and the guard too.
const MOMENT = 500;

const etcd = await startEtcd({ t });

for (const version of ["v1", "v2"] as const) {
  await t.test(`${THAWS} leaders, each frozen as a whole in a cgroup ${version}`, { ...needsFreezer(version) }, (t) =>
    many(t, (stage, own) => frozen(stage, new Freezer(version, own))),
  );
}
await t.test(`${THAWS} leaders, each stopped as a whole; the command is the first to go on`, (t) =>
  many(t, (stage) => stopped(stage, ["command", "guard", "wrapper"])),
);
await t.test(`${THAWS} leaders, each stopped as a whole; the command is the last to go on`, (t) =>
  many(t, (stage) => stopped(stage, ["guard", "wrapper", "command"])),
);

async function many(t: Test, one: (stage: Stage, t: Test) => Promise<Late>): Promise<void> {
  t.jobs = 3;
  const all: Late[] = [];
  const rounds = Array.from({ length: THAWS }, (_, round) =>
    t.test(`${round}`, async (own) => {
      all.push(await one(new Stage(own, etcd, { ttl: TTL }), own));
    }),
  );
  await Promise.all(rounds);
  t.comment(said(all));
  t.ok(all.every(({ lasted }) => lasted < MOMENT));
}

async function frozen(stage: Stage, freezer: Freezer): Promise<Late> {
  const leader = await stage.leader("a", { under: freezer.under });
  const standby = await stage.standby("b");
  return lateSteps(stage, leader, standby, { begin: () => freezer.freeze(), end: () => freezer.thaw() });
}

async function stopped(stage: Stage, order: readonly ("wrapper" | "guard" | "command")[]): Promise<Late> {
  const leader = await stage.leader("a");
  const standby = await stage.standby("b");
  const pids = await processesOf(leader);
  const goOn = order.map((who) => pids[who]);
  return lateSteps(stage, leader, standby, stopping([pids.command, pids.guard, pids.wrapper], goOn));
}
