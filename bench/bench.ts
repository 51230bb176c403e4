import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { atExit } from "../test/helpers/at-exit.js";
import { requireEtcd } from "../test/helpers/etcd-binaries.js";
import { startEtcd } from "../test/helpers/etcd-server.js";
import { lookAtMachine, objection, type Machine } from "./machine.js";
import type { Part, Rig } from "./part.js";
import { partsNamed } from "./parts.js";
import { shown, writeResults, written } from "./report.js";

const RUNS = "30"; // the fewest of which the worst says something

const { values } = parseArgs({
  options: {
    /** Of each kind: each part takes it by its own measure. */
    runs: { type: "string", default: RUNS },
    /** A list of parts, with commas. */
    only: { type: "string" },
    /** The results as they would be written. */
    markdown: { type: "boolean", default: false },
    /** Puts the results into bench/README.md, if the machine is quiet. */
    write: { type: "boolean", default: false },
  },
});

process.exitCode = await main();

async function main(): Promise<number> {
  if (process.platform !== "linux") return refuse("needs Linux: it reads /proc and the kernel's clock");
  const runs = Number(values.runs);
  if (!(Number.isSafeInteger(runs) && runs > 0)) return refuse(`--runs ${values.runs} is not a number of runs`);
  let parts: readonly Part[];
  try {
    parts = partsNamed(values.only);
  } catch (error) {
    return refuse((error as Error).message);
  }
  const binaries = await requireEtcd();
  const machine = await lookAtMachine(binaries.version);
  const doubt = objection(machine);
  if (doubt !== undefined && values.write) return refuse(`${doubt}, so nothing was measured or written`);
  if (doubt !== undefined) console.error(`bench: ${doubt}: trust the ratios, not the milliseconds`);

  const folder = mkdtempSync(join(tmpdir(), "while-leader-bench-"));
  atExit(() => rmSync(folder, { recursive: true, force: true }));
  const etcd = await startEtcd({ binaries });
  try {
    const failed: string[] = [];
    console.log(machine.words);
    for (const part of parts) {
      if (!(await measured(part, { etcd, binaries, folder, runs, progress: progressOf(part) }, machine))) {
        failed.push(part.name);
      }
    }
    return failed.length === 0 ? 0 : refuse(`not measured: ${failed.join(", ")}`);
  } finally {
    await etcd.stop();
  }
}

/** Whether it could be: what is amiss with one part keeps no other from being measured. */
async function measured(part: Part, rig: Rig, machine: Machine): Promise<boolean> {
  try {
    const findings = await part.measure(rig);
    if (values.write) writeResults(part.name, machine.words, findings);
    const results = values.markdown ? written(part.name, machine.words, findings) : shown(findings);
    console.log(`\n## ${part.name}\n\n${results}`);
    return true;
  } catch (error) {
    refuse(`${part.name}: ${error instanceof Error ? error.message : String(error)}`);
    return false;
  }
}

function refuse(why: string): number {
  console.error(`bench: ${why}`);
  return 1;
}

function progressOf({ name }: Part): NonNullable<Rig["progress"]> {
  return (done, all) => {
    if (process.stderr.isTTY) process.stderr.write(`\r${name}: ${done} of ${all}${done === all ? "\n" : ""}`);
  };
}
