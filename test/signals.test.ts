import { constants } from "node:os";
import * as fc from "fast-check";
import { test } from "tap";
import { FORWARDED, parseSignal, signalNumber } from "../lib/signals.js";
import type { Signal } from "../lib/signals.js";

const NAMES = Object.keys(constants.signals) as Signal[];

await test("a signal can be written TERM, SIGTERM, term or 15", async (t) => {
  for (const text of ["TERM", "SIGTERM", "term", "sigterm", "SigTerm", "15"])
    t.equal(parseSignal(text), "SIGTERM", text);
});

await test("every signal of the system reads back from its name, its short name and its number", async () => {
  fc.assert(
    fc.property(fc.constantFrom(...NAMES), (name) => {
      const number = constants.signals[name];
      const byNumber = parseSignal(String(number));
      return (
        signalNumber(name) === number &&
        parseSignal(name) === name &&
        parseSignal(name.slice(3).toLowerCase()) === name &&
        byNumber !== undefined &&
        signalNumber(byNumber) === number
      );
    }),
  );
});

await test("anything else is no signal", async (t) => {
  for (const text of [
    "",
    " ",
    "SIG",
    "TERMS",
    "SIGSIGTERM",
    " TERM",
    "TERM ",
    "0",
    "-15",
    "+15",
    "15.0",
    "999",
    "1e1",
    "RTMIN",
    "EXIT",
  ])
    t.equal(parseSignal(text), undefined, JSON.stringify(text));
});

await test("letters that only become Latin in upper case make no signal", async (t) => {
  for (const text of ["ınt", "ſigterm"]) t.equal(parseSignal(text), undefined, text);
});

await test("each signal that is passed on has a number of its own, and the names people use are among them", async (t) => {
  t.equal(new Set(FORWARDED.map(signalNumber)).size, FORWARDED.length);
  for (const name of [
    "SIGTERM",
    "SIGINT",
    "SIGHUP",
    "SIGQUIT",
    "SIGUSR1",
    "SIGUSR2",
    "SIGWINCH",
    "SIGCONT",
    "SIGTSTP",
  ] as const)
    t.ok(FORWARDED.includes(name), name);
});

await test("signals nobody can catch, or that are about while-leader itself, are not passed on under any name", async (t) => {
  const kept = ["SIGKILL", "SIGSTOP", "SIGCHLD", "SIGPIPE", "SIGPROF", "SIGTTIN", "SIGTTOU"] as const;
  const faults = ["SIGSEGV", "SIGBUS", "SIGFPE", "SIGILL", "SIGTRAP", "SIGSYS", "SIGABRT", "SIGIOT"] as const;
  const numbers = new Set(FORWARDED.map(signalNumber));
  for (const name of [...kept, ...faults]) t.notOk(numbers.has(signalNumber(name)), name);
});

await test("a name the system does not know has the number 0", async (t) => {
  t.equal(signalNumber("SIGNOTHING" as Signal), 0);
});
