import { constants } from "node:os";
import * as fc from "fast-check";
import { test } from "tap";
import { ExitStatus, exitStatus, signalledStatus } from "../lib/exit-status.js";
import type { Signal } from "../lib/signals.js";

await test("the exit status of a command that ended by itself is its own", async () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 255 }), (code) => exitStatus({ code }) === code));
});

await test("the exit status of a command that signal n ended is 128+n", async (t) => {
  t.equal(exitStatus({ signal: "SIGTERM" }), 143);
  t.equal(exitStatus({ signal: "SIGINT" }), 130);
  t.equal(exitStatus({ signal: "SIGKILL" }), 137);
  for (const [name, number] of Object.entries(constants.signals)) {
    t.equal(exitStatus({ signal: name as Signal }), 128 + number, name);
    t.equal(signalledStatus(name as Signal), 128 + number, `${name} before the start`);
  }
});

await test("while-leader's own exit statuses are those of the contract", async (t) => {
  t.strictSame(ExitStatus, {
    nobody: 1,
    usage: 64,
    unavailable: 69,
    bug: 70,
    notLeader: 75,
    refused: 77,
    notExecutable: 126,
    notFound: 127,
  });
});
