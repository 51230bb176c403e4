import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { atExit } from "../test/helpers/at-exit.js";
import { requireEtcd } from "../test/helpers/etcd-binaries.js";
import { startEtcd } from "../test/helpers/etcd-server.js";
import { etcdctlLock, whileLeader } from "./contestants.js";
import { FAULTS } from "./faults.js";
import { costs, longHeld } from "./guard.js";
import { lookAtMachine, objection } from "./machine.js";
import { guardTable, handOverTable, writeResults } from "./report.js";
import { handOvers } from "./schedule.js";
import { markdown, plain, type Table } from "./table.js";

const RUNS = "30"; // the fewest of which the worst says something
// A guard's start and memory vary little, and each takes 4 s to look at.
const GUARDS = 8;

const { values } = parseArgs({
  options: {
    /** Of each fault with each contestant. */
    runs: { type: "string", default: RUNS },
    /** The results as they would be written. */
    markdown: { type: "boolean", default: false },
    /** Puts the results into bench/README.md, if the machine is quiet. */
    write: { type: "boolean", default: false },
  },
});

// It costs each start of Node 85 ms, and those who set it know what for.
delete process.env["NODE_EXTRA_CA_CERTS"];
process.exitCode = await main();

async function main(): Promise<number> {
  if (process.platform !== "linux") return refuse("needs Linux: it reads /proc and the kernel's clock");
  const runs = Number(values.runs);
  if (!(Number.isSafeInteger(runs) && runs > 0)) return refuse(`--runs ${values.runs} is not a number of runs`);
  const binaries = await requireEtcd();
  const machine = await lookAtMachine(binaries.version);
  const doubt = objection(machine);
  if (doubt !== undefined && values.write) return refuse(`${doubt}, so nothing was measured or written`);
  if (doubt !== undefined) console.error(`bench: ${doubt}: trust the ratios, not the milliseconds`);

  const folder = mkdtempSync(join(tmpdir(), "while-leader-bench-"));
  atExit(() => rmSync(folder, { recursive: true, force: true }));
  const etcd = await startEtcd({ binaries });
  try {
    const contestants = [whileLeader, etcdctlLock(binaries)];
    const guards = await costs(etcd, Math.min(runs, GUARDS));
    const old = await longHeld(etcd);
    const series = await handOvers({ etcd, folder, faults: FAULTS, contestants, runs, progress });
    const tables = [handOverTable(series), guardTable(guards, old.cost())];
    await old.end();
    const paragraphs = (show: (table: Table) => string) => [
      `${machine.words}; ${runs} hand-overs of each kind.`,
      ...tables.map(show),
    ];
    if (values.write) writeResults(paragraphs(markdown).join("\n\n"));
    console.log(paragraphs(values.markdown ? markdown : plain).join("\n\n"));
    return 0;
  } finally {
    await etcd.stop();
  }
}

function refuse(why: string): number {
  console.error(`bench: ${why}`);
  return 1;
}

function progress(done: number, all: number): void {
  if (process.stderr.isTTY) process.stderr.write(`\r${done} of ${all} hand-overs${done === all ? "\n" : ""}`);
}
