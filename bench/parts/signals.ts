import { randomInt, randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import type { Child } from "../../test/helpers/child.js";
import { projectPath } from "../../test/helpers/paths.js";
import { barsOf, comparison, valuesOf } from "../compare.js";
import {
  bare,
  dumbInit,
  start,
  tini,
  whileLeaderAlone,
  whileLeaderWith,
  type Contestant,
  type Seat,
} from "../contestants.js";
import { monotonic } from "../monotonic.js";
import { atMost, type Part, type Rig } from "../part.js";
import { percentile } from "../statistics.js";
import { rotated, type Series } from "../turns.js";
import { timed } from "../units.js";

const MOST_ADDED = 1; // ms
// Of one process, the first apart: it finds nothing warm.
const SIGNALS = 40;
// Processes of each contestant: a third of the runs.
const GENERATION = 3;

const PASSES_ON = `
  const [file, ...args] = process.argv.slice(1);
  const child = require("child_process").spawn(file, args, { stdio: "inherit" });
  process.on("SIGUSR1", () => child.kill("SIGUSR1"));`;
/** Decides nothing, and so has what Node itself takes. */
const node: Contestant = {
  name: "node -e kill",
  words: ({ workload }) => [process.execPath, "-e", PASSES_ON, "--", ...workload],
};
const leading = whileLeaderWith("while-leader, leading");
const COMMAND = ["perl", projectPath("bench/signalled.pl")];

interface Latencies {
  readonly one: Contestant;
  readonly first: number[];
  readonly later: number[];
}

export const signals: Part = {
  name: "signals",
  async measure(rig) {
    const all = [bare, tini, dumbInit, node, whileLeaderAlone, leading].map((one) => ({ one, first: [], later: [] }));
    const generations = Math.ceil(rig.runs / GENERATION);
    for (let generation = 0; generation < generations; generation++) {
      await signalAll(rotated(all, generation), rig);
      rig.progress?.(generation + 1, generations);
    }
    const series = seriesOf(all, "later");
    const alone = percentile(valuesOf(series, bare.name), 50);
    return {
      note: `${generations} processes of each, ${SIGNALS} signals after a first one`,
      tables: [
        comparison("from kill(2) to the command's handler", series, bare.name),
        comparison("the same, a process's first signal", seriesOf(all, "first"), bare.name),
      ],
      goals: [whileLeaderAlone, leading].map(({ name }) => {
        const added = percentile(valuesOf(series, name), 99) - alone;
        return atMost(`p99 of ${name}, less p50 of ${bare.name}`, MOST_ADDED, added, timed);
      }),
      charts: [{ title: "kill(2) to the command's handler: p50, p99", bars: barsOf(series), log: true, show: timed }],
    };
  },
};

function seriesOf(all: readonly Latencies[], which: "first" | "later"): Series[] {
  return all.map((each) => ({ name: each.one.name, values: each[which] }));
}

/** Has one process of each, and signals them in turns. */
async function signalAll(all: readonly Latencies[], { etcd }: Rig): Promise<void> {
  const seat: Seat = { election: `bench-${randomUUID()}`, endpoint: etcd.endpoints, workload: COMMAND };
  const running = all
    .filter(({ one }) => one.words !== undefined)
    .map(({ one, first, later }) => ({ first, later, child: start(one, seat) }));
  try {
    await Promise.all(running.map(({ child }) => child.stdoutLine("running")));
    // Whoever is still loading something has done so by then.
    await pause(500);
    for (let signal = 1; signal <= 1 + SIGNALS; signal++) {
      for (const { child, first, later } of running) {
        await pause(randomInt(2, 8));
        (signal === 1 ? first : later).push(await latency(child, signal));
      }
    }
  } finally {
    await Promise.all(running.map(({ child }) => child.end()));
  }
}

/** Milliseconds from just before the signal is sent until the command's handler runs. */
async function latency(child: Child, number: number): Promise<number> {
  const sent = monotonic();
  child.kill("SIGUSR1");
  const line = await child.stdoutLine(new RegExp(`^got ${number} `));
  return Number(line.split(" ")[2]) - sent;
}
