import { randomUUID } from "node:crypto";
import { performance } from "node:perf_hooks";
import { barsOf, comparison, valuesOf } from "../compare.js";
import {
  bare,
  dumbInit,
  etcdctlLock,
  start as launch,
  tini,
  whileLeaderAlone,
  whileLeaderWith,
  type Contestant,
} from "../contestants.js";
import { atMost, type Part, type Rig } from "../part.js";
import { percentile } from "../statistics.js";
import { inTurns } from "../turns.js";
import { timed, times } from "../units.js";

// A start is quick, and its longest of sixty says more than that of thirty.
const ROUNDS = 2; // for each run asked for
const [MOST_ALONE, MOST_ELECTED] = [2, 3.5]; // times what Node itself takes

const LINE = "started";
const COMMAND = ["echo", LINE];

/** Runs nothing: what it takes to have a Node and to end it. */
const node: Contestant = { name: "node -e 0", words: () => [process.execPath, "-e", "0"] };

const SPAWN = 'const [f, ...a] = process.argv.slice(1); require("child_process").spawn(f, a, { stdio: "inherit" });';
const nodeSpawn: Contestant = {
  name: "node -e spawn",
  words: ({ workload }) => [process.execPath, "-e", SPAWN, "--", ...workload],
};

const elected = whileLeaderWith("while-leader with an election");

export const start: Part = {
  name: "start",
  async measure(rig) {
    const all = [node, bare, tini, dumbInit, nodeSpawn, whileLeaderAlone, elected, etcdctlLock(rig.binaries)];
    const rounds = rig.runs * ROUNDS;
    const measure = (one: Contestant) => firstLine(one, rig);
    const series = await inTurns(all, { rounds, measure, progress: rig.progress });
    const toNode = ({ name }: Contestant) =>
      percentile(valuesOf(series, name), 50) / percentile(valuesOf(series, node.name), 50);
    return {
      note: `${rounds} starts of each`,
      tables: [comparison("from the start to the command's first line", series, node.name)],
      goals: [
        atMost(`p50 without an election, to ${node.name}`, MOST_ALONE, toNode(whileLeaderAlone), times),
        atMost(`p50 with an election, to ${node.name}`, MOST_ELECTED, toNode(elected), times),
      ],
      charts: [{ title: "Start to the command's first line: p50, p99", bars: barsOf(series), show: timed }],
    };
  },
};

/** Milliseconds until the command's first line is read here; until the end of one that runs no command. */
async function firstLine(one: Contestant, { etcd }: Rig): Promise<number | undefined> {
  if (one.words === undefined) return undefined;
  const seat = { election: `bench-${randomUUID()}`, endpoint: etcd.endpoints, workload: COMMAND };
  const from = performance.now();
  const child = launch(one, seat);
  try {
    if (one !== node) await child.stdoutLine(LINE);
    const line = performance.now();
    // It gives leadership back, which is no part of the next one's start.
    const { at } = await child.exitedWithin();
    return (one === node ? at : line) - from;
  } finally {
    await child.end();
  }
}
