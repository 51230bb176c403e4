import { parseArgs } from "node:util";
import { requireEtcd, type EtcdBinaries } from "../../test/helpers/etcd-binaries.js";
import { startEtcd } from "../../test/helpers/etcd-server.js";
import { lookAtMachine, objection } from "../machine.js";
import { markdown, plain } from "../table.js";
import type { Cast } from "./crowd.js";
import { manyElections, oneElection, type Scene } from "./scenes.js";
import { handOverTable, loadTable, returnTable } from "./tables.js";

const { values } = parseArgs({
  options: {
    /** Of one election. */
    candidates: { type: "string", default: "1000" },
    elections: { type: "string", default: "1000" },
    /** Candidates of each of the elections. */
    each: { type: "string", default: "3" },
    /** Of each lease, in seconds; what the elections of a few have is as much longer as their candidates are more. */
    ttl: { type: "string", default: "10" },
    /** How long a crowd at rest is looked at. */
    seconds: { type: "string", default: "10" },
    /** That candidates are spread over: one Node is one processor. */
    processes: { type: "string", default: "2" },
    /** The results as a page has them. */
    markdown: { type: "boolean", default: false },
  },
});

// It costs each start of Node 85 ms, and those who set it know what for.
delete process.env["NODE_EXTRA_CA_CERTS"];
process.exitCode = await main();

async function main(): Promise<number> {
  if (process.platform !== "linux") return refuse("needs Linux: it reads /proc");
  const [candidates, elections, each] = [count("candidates", 2), count("elections", 1), count("each", 2)];
  const [seconds, processes] = [count("seconds", 1), count("processes", 1)];
  const binaries = await requireEtcd();
  const machine = await lookAtMachine(binaries.version);
  const doubt = objection(machine);
  if (doubt !== undefined) console.error(`bench: ${doubt}: others are in these figures too`);

  const ttl = count("ttl", 2);
  const ttlOfMany = Math.ceil(Math.max(1, (elections * each) / candidates) * ttl);
  const own = { binaries, processes, rest: seconds * 1_000 };
  const one = await withEtcd({ ...own, ttl: ttl * 1_000 }, (cast) => oneElection(candidates, cast));
  const many = await withEtcd({ ...own, ttl: ttlOfMany * 1_000 }, (cast) => manyElections(elections, each, cast));
  const tables = [
    loadTable({
      [`1 x ${candidates} candidates, TTL ${ttl} s`]: one.load,
      [`${elections} x ${each} candidates, TTL ${ttlOfMany} s`]: many.load,
    }),
    handOverTable([...one.series, ...many.series]),
    returnTable(one.returns),
  ];
  const words = `${machine.words}; candidates in ${processes} processes.`;
  console.log([words, ...tables.map(values.markdown ? markdown : plain)].join("\n\n"));
  return 0;
}

type Own = Omit<Cast, "etcd"> & { readonly binaries: EtcdBinaries };

/** Each scene has an etcd of its own, of one member. */
async function withEtcd({ binaries, ...rest }: Own, play: (cast: Cast) => Promise<Scene>): Promise<Scene> {
  const etcd = await startEtcd({ binaries });
  try {
    return await play({ ...rest, etcd });
  } finally {
    await etcd.stop();
  }
}

function count(name: "candidates" | "elections" | "each" | "ttl" | "seconds" | "processes", least: number): number {
  const value = Number(values[name]);
  if (Number.isSafeInteger(value) && value >= least) return value;
  console.error(`bench: --${name} ${values[name]} is not a number from ${least} up`);
  return process.exit(64);
}

function refuse(why: string): number {
  console.error(`bench: ${why}`);
  return 1;
}
