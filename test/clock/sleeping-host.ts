// Preloaded into a Node process (NODE_OPTIONS=--import=…): CLOCK_BOOTTIME as it reads it is ahead by as many seconds as the file
// SLEPT_FILE says, once that is there. To a program that is what a suspended host looks like afterwards: a real one cannot be had
// in a test, and neither can a time namespace whose clocks move.
import { readFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import os from "node:os";

const { uptime } = os;

os.uptime = () => uptime() + slept();
syncBuiltinESMExports();

function slept(): number {
  try {
    return Number(readFileSync(process.env.SLEPT_FILE ?? "", "utf8"));
  } catch {
    return 0;
  }
}
