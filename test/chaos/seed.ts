import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { check, type Verdict } from "./checker.js";
import { writeHistory, type Mode } from "./history.js";
import { raisePriority } from "./priority.js";
import { run } from "./run.js";
import { drawSchedule, scheduleLines, type Schedule } from "./schedule.js";

/** What one process for one seed is told, as JSON in its only argument. */
export interface Order {
  readonly seed: number;
  readonly seconds: number;
  readonly mode: Mode;
  /** Takes all that is written; must be there. */
  readonly folder: string;
  /** In a mount namespace of its own, so that a small disk can be mounted. */
  readonly mayMount: boolean;
  /** In place of what would be drawn. */
  readonly schedule?: Schedule;
}

/** What it leaves in `result.json`. */
export interface Result extends Verdict {
  readonly notes: readonly string[];
}

/** Room for a run's log lines of one candidate, and soon filled. */
const SIZE = "size=2m";

const order = JSON.parse(process.argv[2] ?? "") as Order;
const notes: string[] = [];
const note = (text: string): void => void notes.push(text);
try {
  if (!raisePriority())
    note("the rig, through which all links go, has no better priority than candidates: that takes root");
  const schedule = order.schedule ?? drawSchedule(order.seed, order.seconds);
  write("schedule.txt", scheduleLines(schedule).join("\n"));
  const history = await run({ schedule, mode: order.mode, folder: order.folder, smallDisk: smallDisk(), note });
  write("history.json", writeHistory(history));
  const result: Result = { ...check(history), notes };
  write("result.json", JSON.stringify(result));
  // Node 20 sometimes never comes to the end of its own clean-up once a proxy has reset connections.
  process.exit(0);
} catch (error) {
  write("failed.txt", `${error instanceof Error ? error.stack : String(error)}\n`);
  process.exit(1);
}

function write(name: string, text: string): void {
  writeFileSync(join(order.folder, name), text);
}

function smallDisk(): string | undefined {
  if (!order.mayMount) {
    note("no disk can be filled: that takes root, and a mount namespace (unshare --mount)");
    return undefined;
  }
  const folder = join(order.folder, "small");
  mkdirSync(folder);
  execFileSync("mount", ["-t", "tmpfs", "-o", SIZE, "tmpfs", folder]);
  return folder;
}
