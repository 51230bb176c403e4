#!/usr/bin/env node
import { catchSignals } from "../lib/inbox.js";

// Before anything else is loaded: PID 1 loses a signal that nobody listens to, and anybody else dies of it.
const inbox = catchSignals();
// Our dependencies' deprecations are no news for the user of a command.
process.noDeprecation = true;

const { main } = await import("../lib/main.js");
process.exit(await main(process.argv.slice(2), process.env, inbox));
