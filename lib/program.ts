import { writeSync } from "node:fs";
import { catchSignals } from "./inbox.js";

// Before anything else is done: PID 1 loses a signal that nobody listens to, and anybody else dies of it.
const inbox = catchSignals();
process.on("uncaughtException", fail).on("unhandledRejection", fail);
// Our dependencies' deprecations are no news for the user of a command.
process.noDeprecation = true;

void import("./main.js")
  .then(({ main }) => main(process.argv.slice(2), process.env, inbox))
  .then((status) => process.exit(status));

/** A bug of ours while nothing runs yet; later ones stop the command first. */
function fail(error: unknown): void {
  writeSync(2, `while-leader: bug: ${(error instanceof Error && error.stack) || String(error)}\n`);
  process.exit(70); // ExitStatus.bug, which may be what cannot be loaded
}
