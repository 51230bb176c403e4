// launches.js COMMANDS          (JSON: a list of commands, each a list of words)
//
// Stands in for while-leader where one run is too few: as an init it launches all the commands, eight at a time, from
// one process. Prints the status of each as a list, and then "none left" when none of its children is there any more,
// orphans and zombies included.
import { writeSync } from "node:fs";
import { NEVER } from "../../lib/abort.js";
import { systemClock } from "../../lib/clock.js";
import { exitStatus } from "../../lib/exit-status.js";
import { initOf } from "../../lib/init.js";
import { childrenOf } from "../../lib/proc.js";
import { launch } from "../../lib/workload.js";

type Command = readonly [string, ...string[]];

const AT_ONCE = 8;

const clock = systemClock();
const init = initOf(clock, () => {}, NEVER);
await init.open();

const commands = JSON.parse(process.argv.at(-1) ?? "[]") as Command[];
const statuses: number[] = [];
const waiting = commands.entries();
await Promise.all(Array.from({ length: AT_ONCE }, work));
writeSync(1, `${JSON.stringify(statuses)}\n`);
while (childrenOf(process.pid).length > 0) await clock.sleep(10, NEVER);
writeSync(1, "none left\n");
process.exit(0);

async function work(): Promise<void> {
  for (const [index, command] of waiting) statuses[index] = await statusOf(command, `LAUNCH=${index}`);
}

async function statusOf(command: Command, marker: string): Promise<number> {
  const { PATH } = process.env;
  const launched = launch({
    command,
    env: { PATH },
    marker,
    group: false,
    descriptors: [],
    adopted: init.adopted,
    release: init.release,
  });
  return launched instanceof Promise ? (await launched).status : exitStatus(await launched.exited);
}
