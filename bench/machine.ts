import { readFileSync } from "node:fs";
import { cpus, release, totalmem } from "node:os";
import { setTimeout as pause } from "node:timers/promises";

// Of all processors, over LOOK: what one idle Linux with its own daemons stays well below.
const QUIET = 0.1;
const LOOK = 1_000; // ms

/** What the numbers were measured on. */
export interface Machine {
  readonly words: string;
  /** The share of the processors' time that others use. */
  readonly busy: number;
}

/** Looks at the machine before anything is measured. */
export async function lookAtMachine(etcdVersion: string): Promise<Machine> {
  const busy = await busyShare();
  const system = /^PRETTY_NAME="?([^"\n]*)/m.exec(readFileSync("/etc/os-release", "utf8"))?.[1] ?? "Linux";
  const all = cpus();
  const words = [
    new Date().toISOString().slice(0, 10),
    `${all.length} virtual CPUs (${all[0]?.model.trim() ?? "unknown"})`,
    `${Math.round(totalmem() / 2 ** 30)} GB`,
    `${system} with Linux ${release()}`,
    `Node ${process.versions.node}`,
    `etcd and etcdctl ${etcdVersion}`,
    `${percent(busy)} busy before the first run`,
  ];
  return { words: words.join(", "), busy };
}

/** Why one should not trust what is measured here now; undefined if one may. */
export function objection({ busy }: Machine): string | undefined {
  if (busy <= QUIET) return undefined;
  return `the machine is not quiet: ${percent(busy)} busy with other things, ${percent(QUIET)} is the most`;
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

async function busyShare(): Promise<number> {
  const before = processorTimes();
  await pause(LOOK);
  const after = processorTimes();
  const all = after.all - before.all;
  return all === 0 ? 0 : 1 - (after.idle - before.idle) / all;
}

/** In clock ticks since the machine was started; "steal", what a host took away, counts as busy. */
function processorTimes(): { all: number; idle: number } {
  const [line = ""] = readFileSync("/proc/stat", "latin1").split("\n");
  const [user = 0, nice = 0, system = 0, idle = 0, wait = 0, ...interrupts] = line.split(/\s+/).slice(1, 9).map(Number);
  const others = interrupts.reduce((sum, each) => sum + each, 0);
  return { all: user + nice + system + idle + wait + others, idle: idle + wait };
}
