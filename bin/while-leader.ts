#!/usr/bin/env node
import { writeSync } from "node:fs";
import { catchSignals } from "../lib/inbox.js";

// Before anything else is loaded: PID 1 loses a signal that nobody listens to, and anybody else dies of it.
const inbox = catchSignals();
process.on("uncaughtException", fail).on("unhandledRejection", fail);
// Our dependencies' deprecations are no news for the user of a command.
process.noDeprecation = true;

const { main } = await import("../lib/main.js");
process.exit(await main(process.argv.slice(2), process.env, inbox));

/** A bug of ours while nothing runs yet; later ones stop the command first. */
function fail(error: unknown): void {
  writeSync(2, `while-leader: bug: ${(error instanceof Error && error.stack) || String(error)}\n`);
  process.exit(70); // ExitStatus.bug, which may be what cannot be loaded
}
