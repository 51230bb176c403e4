import { performance } from "node:perf_hooks";
import { setTimeout as pause } from "node:timers/promises";
import { asPid1, namespaceOf, needsPid1 } from "../../test/helpers/pid1.js";
import { until } from "../../test/helpers/until.js";
import { barsOf, comparison } from "../compare.js";
import { containerEngine, type Engine } from "../container.js";
import {
  dumbInit,
  start,
  tini,
  whileLeaderAlone,
  whileLeaderWith,
  type Contestant,
  type Seat,
} from "../contestants.js";
import type { Part, Rig } from "../part.js";
import { freeSeat, seatBehind } from "../seat.js";
import { rotated, type Series } from "../turns.js";
import { timed } from "../units.js";

const leading = whileLeaderWith("while-leader, leading");
const standby = whileLeaderWith("while-leader, standing by");
const ALL = [tini, dumbInit, whileLeaderAlone, leading, standby];

const COMMAND = ["sh", "-c", "echo running; exec sleep 3600"];
// Whoever is still loading something has done so by then.
const SETTLED = 500; // ms
// A container takes a second to start; a third of the runs is enough to compare.
const SHARE = 3;

/** Something that runs as PID 1. */
interface Running {
  /** Resolves with the milliseconds from the signal until it is gone, and with it, by the kernel's word, all that it had. */
  stop(): Promise<number>;
  end(): Promise<void>;
}

/** Starts one as PID 1, and resolves when it has come to where it is to be stopped. */
type Launch = (one: Contestant, seat: Seat) => Promise<Running>;

export const stop: Part = {
  name: "stop",
  async measure(rig) {
    if (needsPid1.skip) throw new Error(needsPid1.skip);
    const spaced = await stops(inNamespace, rig.runs, rig);
    const boxed = await containedStops(Math.ceil(rig.runs / SHARE), rig);
    return {
      note: `${rig.runs} stops of each in a PID namespace; ${boxed.note}`,
      tables: [
        comparison("from SIGTERM for PID 1 of a namespace to nothing left", spaced, tini.name),
        ...(boxed.series ? [comparison("docker stop, from its start to its end", boxed.series, tini.name)] : []),
      ],
      goals: [],
      charts: [{ title: "SIGTERM to nothing left: p50, p99", bars: barsOf(spaced), log: true, show: timed }],
    };
  },
};

/** What is amiss with somebody's engine is told, and is no failure. */
async function containedStops(rounds: number, rig: Rig): Promise<{ note: string; series?: Series[] }> {
  let engine: Engine | undefined;
  try {
    engine = await containerEngine(rig.folder);
    if (engine === undefined) return { note: "no container engine here, so no docker stop" };
    const series = await stops(inContainer(engine), rounds, rig);
    return { note: `${rounds} by docker stop`, series };
  } catch (error) {
    return { note: `no docker stop: ${String(error).split("\n")[0]}` };
  } finally {
    engine?.close();
  }
}

/** Has one of each running in every round, and stops one after the other. */
async function stops(launch: Launch, rounds: number, { etcd, progress }: Rig): Promise<Series[]> {
  const all = ALL.map((one) => ({ one, name: one.name, values: [] as number[] }));
  for (let round = 0; round < rounds; round++) {
    const running: { values: number[]; process: Running }[] = [];
    try {
      for (const { one, values } of rotated(all, round).filter((each) => each.one.words !== undefined)) {
        const seat = one === standby ? await seatBehind(etcd, COMMAND) : freeSeat(etcd, COMMAND);
        running.push({ values, process: await launch(one, seat) });
      }
      await pause(SETTLED);
      for (const { values, process } of running) values.push(await process.stop());
    } finally {
      await Promise.all(running.map(({ process }) => process.end()));
    }
    progress?.(round + 1, rounds);
  }
  return all.map(({ name, values }) => ({ name, values }));
}

// What it says when it waits for its turn, or its command when that runs.
const ready = (one: Contestant) => (one === standby ? ": standby " : "running\n");

const inNamespace: Launch = async (one, seat) => {
  const child = start(one, seat, { under: asPid1 });
  try {
    await until(`"${ready(one)}"`, () => (child.stdout + child.stderr).includes(ready(one)), { timeoutMs: 30_000 });
    const space = await namespaceOf(child);
    return {
      async stop() {
        const from = performance.now();
        space.kill("SIGTERM");
        const { at } = await child.exitedWithin();
        return at - from;
      },
      end: () => child.end(),
    };
  } catch (error) {
    await child.end();
    throw error;
  }
};

function inContainer(engine: Engine): Launch {
  return async (one, seat) => {
    const container = await engine.run(one.words?.(seat) ?? []);
    try {
      await container.wrote(ready(one).trim());
      return {
        async stop() {
          const from = performance.now();
          await container.stop();
          return performance.now() - from;
        },
        end: () => container.remove(),
      };
    } catch (error) {
      await container.remove();
      throw error;
    }
  };
}
