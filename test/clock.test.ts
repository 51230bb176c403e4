import { spawn } from "node:child_process";
import { once } from "node:events";
import { syncBuiltinESMExports } from "node:module";
import os from "node:os";
import t, { type Test } from "tap";
import { systemClock, within } from "../lib/clock.js";

const never = new AbortController().signal;

/** Moves CLOCK_BOOTTIME on, as a suspend does: a real one cannot be had in a test. */
function suspends(t: Test): (seconds: number) => void {
  const uptime = os.uptime;
  let slept = 0;
  t.teardown(() => {
    os.uptime = uptime;
    syncBuiltinESMExports();
  });
  os.uptime = () => uptime() + slept;
  syncBuiltinESMExports();
  return (seconds) => {
    slept += seconds;
  };
}

await t.test("the clock never goes back, and sleeps at least as long as it is told", async (t) => {
  const clock = systemClock();
  let last = clock.now();
  for (let look = 0; look < 100_000; look++) {
    const now = clock.now();
    if (now < last) t.fail(`${now} after ${last}`);
    last = now;
  }
  await clock.sleep(50, never);
  t.ok(clock.now() - last >= 49, `${clock.now() - last} ms`);
});

await t.test("two clocks of one process agree on how much time has passed", async (t) => {
  const [one, other] = [systemClock(), systemClock()];
  const before = one.now() - other.now();
  await one.sleep(20, never);
  t.ok(Math.abs(one.now() - other.now() - before) < 10);
});

await t.test("the time for which the host was suspended has passed as well", (t) => {
  const suspend = suspends(t);
  const clock = systemClock();
  const start = clock.now();
  suspend(3_600);
  const after = clock.now() - start;
  t.ok(after >= 3_599_900 && after < 3_610_000, `${after} ms`);
  suspend(60);
  const later = clock.now() - start;
  t.ok(later - after >= 59_900 && later - after < 70_000, `${later} ms`);
  t.end();
});

await t.test("what /proc/uptime rounds away moves nothing, also when it is much looked at", (t) => {
  const suspend = suspends(t);
  const clock = systemClock();
  const [start, real] = [clock.now(), performance.now()];
  for (let step = 0; step < 100; step++) {
    suspend(step % 2 ? -0.02 : 0.02);
    clock.now();
  }
  const difference = clock.now() - start - (performance.now() - real);
  t.ok(Math.abs(difference) < 5, `${difference} ms`);
  t.end();
});

await t.test("an abort ends a sleep at once, and so does a sleep into the past", async (t) => {
  const clock = systemClock();
  const abort = new AbortController();
  const sleeping = clock.sleep(60_000, abort.signal);
  abort.abort();
  await sleeping;
  await clock.sleep(60_000, abort.signal);
  await clock.sleep(-5, never);
  await clock.sleep(Number.NEGATIVE_INFINITY, never);
  t.pass("none of them took a minute");
});

await t.test("a sleep without end does not end at once", async (t) => {
  const clock = systemClock();
  const abort = new AbortController();
  let over = false;
  const sleeping = clock.sleep(Infinity, abort.signal).then(() => (over = true));
  await clock.sleep(20, never);
  t.notOk(over);
  abort.abort();
  await sleeping;
});

await t.test("within: the promise's outcome if it comes in time, else what was said for it", async (t) => {
  const clock = systemClock();
  const late = () => new Error("late");
  t.equal(await within(clock, 60_000, Promise.resolve(7), late), 7);
  await t.rejects(within(clock, 60_000, Promise.reject(new Error("own")), late), { message: "own" });
  await t.rejects(within(clock, 10, new Promise(() => {}), late), { message: "late" });
  let fail = (_error: Error): void => {};
  const slow = new Promise<never>((_resolve, reject) => (fail = reject));
  await t.rejects(within(clock, 1, slow, late), { message: "late" });
  fail(new Error("nobody waits for this any more")); // and nobody is troubled by it
});

await t.test("what has come while the process had no CPU has come in time", async (t) => {
  const child = spawn(process.execPath, ["-e", "process.stdin.pipe(process.stdout)"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  t.teardown(() => child.kill());
  child.stdin.write("warm\n");
  await once(child.stdout, "data");
  const answered = once(child.stdout, "data").then(([answer]) => String(answer));
  child.stdin.write("answer\n");
  const outcome = within(systemClock(), 10, answered, () => new Error("late"));
  // No event is taken for so long, and the answer is there long before.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
  t.equal(await outcome, "answer\n");
});
