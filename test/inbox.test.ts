import t from "tap";
import { FORWARDED } from "../lib/signals.js";
import { catchSignals, Inbox, releaseSignal } from "../lib/inbox.js";
import { until } from "./helpers/until.js";

const never = new AbortController().signal;

await t.test("what is put is taken in order, once each", (t) => {
  const inbox = new Inbox<number>();
  t.equal(inbox.take(), undefined);
  for (const item of [1, 2, 3]) inbox.put(item);
  t.same([inbox.take(), inbox.take()], [1, 2]);
  inbox.put(4);
  t.same([inbox.take(), inbox.take(), inbox.take()], [3, 4, undefined]);
  t.end();
});

await t.test("filled resolves at once when something is there, else with the next that comes", async (t) => {
  const inbox = new Inbox<string>();
  inbox.put("early");
  await inbox.filled(never);
  t.equal(inbox.take(), "early");
  let filled = false;
  const waiting = inbox.filled(never).then(() => (filled = true));
  await new Promise((resolve) => setImmediate(resolve));
  t.notOk(filled);
  inbox.put("late");
  await waiting;
  t.equal(inbox.take(), "late");
});

await t.test("filled gives up when aborted, takes nothing, and can be asked again", async (t) => {
  const inbox = new Inbox<string>();
  const abort = new AbortController();
  const waiting = inbox.filled(abort.signal);
  abort.abort();
  await waiting;
  await inbox.filled(abort.signal);
  const again = inbox.filled(never);
  inbox.put("one");
  await again;
  t.equal(inbox.take(), "one");
  t.equal(inbox.take(), undefined);
});

await t.test("every signal that can be passed on is caught from the first moment, and kept in order", async (t) => {
  const inbox = catchSignals();
  const awake = setInterval(() => {}, 1_000); // listening for signals alone keeps no process alive
  t.teardown(() => {
    clearInterval(awake);
    FORWARDED.forEach(releaseSignal);
  });
  for (const signal of FORWARDED) t.ok(process.listenerCount(signal) > 0, signal);
  const sent = ["SIGUSR1", "SIGWINCH", "SIGHUP", "SIGUSR2", "SIGTERM", "SIGUSR1"] as const;
  for (const signal of sent) {
    process.kill(process.pid, signal);
    await inbox.filled(never);
    t.same(inbox.take(), { type: "signal", signal });
  }
  await until("nothing more", () => inbox.take() === undefined);
});

await t.test("what is a fault of the process itself, or beyond anybody's reach, is left alone", (t) => {
  const left = "SIGKILL SIGSTOP SIGSEGV SIGBUS SIGFPE SIGILL SIGCHLD SIGPIPE SIGTTIN SIGTTOU".split(" ");
  t.same(
    left.filter((name) => FORWARDED.some((signal) => signal === name)),
    [],
  );
  t.end();
});

await t.test("a signal that is released has nobody listening", (t) => {
  catchSignals();
  releaseSignal("SIGTSTP");
  t.equal(process.listenerCount("SIGTSTP"), 0);
  FORWARDED.forEach(releaseSignal);
  t.same(
    FORWARDED.filter((signal) => process.listenerCount(signal) > 0 && signal !== "SIGALRM"),
    [],
  );
  t.end();
});
