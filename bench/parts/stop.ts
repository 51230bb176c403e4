import { performance } from "node:perf_hooks";
import { setTimeout as pause } from "node:timers/promises";
import type { Child } from "../../test/helpers/child.js";
import { asPid1, namespaceOf, needsPid1, type Namespace } from "../../test/helpers/pid1.js";
import { until } from "../../test/helpers/until.js";
import { barsOf, comparison } from "../compare.js";
import { dumbInit, start, tini, whileLeaderAlone, whileLeaderWith, type Contestant } from "../contestants.js";
import type { Part, Rig } from "../part.js";
import { freeSeat, seatBehind } from "../seat.js";
import { rotated } from "../turns.js";
import { timed } from "../units.js";

const leading = whileLeaderWith("while-leader, leading");
const standby = whileLeaderWith("while-leader, standing by");

const COMMAND = ["sh", "-c", "echo running; exec sleep 3600"];
// Whoever is still loading something has done so by then.
const SETTLED = 500; // ms

export const stop: Part = {
  name: "stop",
  async measure(rig) {
    if (needsPid1.skip) throw new Error(needsPid1.skip);
    const all = [tini, dumbInit, whileLeaderAlone, leading, standby].map((one) => ({ one, values: [] as number[] }));
    for (let round = 0; round < rig.runs; round++) {
      await stopAll(rotated(all, round), rig);
      rig.progress?.(round + 1, rig.runs);
    }
    const series = all.map(({ one, values }) => ({ name: one.name, values }));
    return {
      note: `${rig.runs} stops of each, as PID 1 of a PID namespace (unshare)`,
      tables: [comparison("from SIGTERM for PID 1 to nothing left", series, tini.name)],
      goals: [],
      charts: [{ title: "SIGTERM to nothing left: p50, p99", bars: barsOf(series), log: true, show: timed }],
    };
  },
};

/** Has one of each running, and stops one after the other. */
async function stopAll(all: readonly { one: Contestant; values: number[] }[], rig: Rig): Promise<void> {
  const here = all.filter(({ one }) => one.words !== undefined);
  const started = await Promise.all(
    here.map(async ({ one, values }) => ({ one, values, child: await launch(one, rig) })),
  );
  try {
    const spaces = await Promise.all(started.map(inside));
    await pause(SETTLED);
    for (const [index, { values, child }] of started.entries()) {
      const space = spaces[index];
      if (space) values.push(await stopped(child, space));
    }
  } finally {
    await Promise.all(started.map(({ child }) => child.end()));
  }
}

async function launch(one: Contestant, { etcd }: Rig): Promise<Child> {
  const seat = one === standby ? await seatBehind(etcd, COMMAND) : freeSeat(etcd, COMMAND);
  return start(one, seat, { under: asPid1 });
}

/** Resolves when it has come to where it is to be stopped. */
async function inside({ one, child }: { one: Contestant; child: Child }): Promise<Namespace> {
  if (one === standby) await until("a standby", () => child.stderr.includes(": standby "));
  else await child.stdoutLine("running");
  return namespaceOf(child);
}

/** Milliseconds from just before the signal until PID 1 is gone, and with it, by the kernel's word, all that it had. */
async function stopped(child: Child, space: Namespace): Promise<number> {
  const from = performance.now();
  space.kill("SIGTERM");
  const { at } = await child.exitedWithin();
  return at - from;
}
