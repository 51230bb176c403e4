import * as fc from "fast-check";
import { test } from "tap";
import type { TimingSettings } from "../lib/timing.js";
import { impossible, killTime, renewalPhase, startReserve, termTime, timingOf, validityOf } from "../lib/timing.js";

const DEFAULT: TimingSettings = { ttl: 10_000, clockDrift: 0.01 };

/** Whatever a user can write, possible or not. */
const settings: fc.Arbitrary<TimingSettings> = fc.record(
  {
    ttl: fc.oneof(
      fc.integer({ min: 2, max: 120 }).map((seconds) => seconds * 1_000),
      fc.integer({ min: 0, max: 120_000 }),
    ),
    lostGrace: fc.integer({ min: 0, max: 60_000 }),
    killMargin: fc.integer({ min: 0, max: 10_000 }),
    clockDrift: fc.double({ min: 0, max: 0.2, noNaN: true }),
  },
  { requiredKeys: ["ttl", "clockDrift"] },
);
const accepted = settings.filter((chosen) => impossible(timingOf(chosen)) === undefined);
const moment = fc.integer({ min: 0, max: 1e9 });

/** A thousandth of a millisecond: the sums are made of binary fractions. */
const close = (a: number, b: number): boolean => Math.abs(a - b) < 1e-3;

await test("with a TTL of 10 s the workload gets SIGTERM 5.9 s and SIGKILL 8.9 s after the last renewal was sent", async (t) => {
  const timing = timingOf(DEFAULT);
  t.equal(timing.renewEvery, 2_000, "renewed every 2 s");
  t.equal(timing.renewWait, 1_000, "an answer may take 1 s");
  const validUntil = validityOf(timing, 0);
  t.equal(validUntil, 9_900);
  t.equal(termTime(timing, validUntil), 5_900);
  t.equal(killTime(timing, validUntil), 8_900);
  t.equal(startReserve(timing), 7_000, "lost grace, margin, a period and an answer must be left at the start");
  t.equal(impossible(timing), undefined);
});

await test("TERM_AT, KILL_AT and the end of the validity are the sums of safety.md, and lie in this order before the TTL's end", async () => {
  fc.assert(
    fc.property(accepted, moment, (chosen, sent) => {
      const timing = timingOf(chosen);
      const validUntil = validityOf(timing, sent);
      const [termAt, killAt] = [termTime(timing, validUntil), killTime(timing, validUntil)];
      return (
        close(validUntil, sent + timing.ttl * (1 - timing.clockDrift)) &&
        close(killAt, validUntil - timing.killMargin) &&
        close(termAt, killAt - timing.lostGrace) &&
        sent < termAt &&
        termAt <= killAt &&
        killAt <= validUntil &&
        validUntil <= sent + timing.ttl
      );
    }),
  );
});

await test("a renewal moves every time on by as much as it was sent later", async () => {
  fc.assert(
    fc.property(accepted, moment, moment, (chosen, first, later) => {
      const timing = timingOf(chosen);
      const between = validityOf(timing, first + later) - validityOf(timing, first);
      const termBetween =
        termTime(timing, validityOf(timing, first + later)) - termTime(timing, validityOf(timing, first));
      return close(between, later) && close(termBetween, later);
    }),
  );
});

await test("an accepted timing leaves room for two failed renewals and an answer before TERM_AT", async () => {
  fc.assert(
    fc.property(accepted, (chosen) => {
      const timing = timingOf(chosen);
      return termTime(timing, validityOf(timing, 0)) >= 2 * timing.renewEvery + timing.renewWait - 1e-3;
    }),
  );
});

await test("an accepted timing lets a fresh renewal suffice for a start, with a period and an answer to spare", async () => {
  fc.assert(
    fc.property(accepted, (chosen) => {
      const timing = timingOf(chosen);
      const validUntil = validityOf(timing, 0);
      const lastStart = validUntil - startReserve(timing);
      const spare = termTime(timing, validUntil) - lastStart;
      return lastStart > 0 && close(spare, timing.renewEvery + timing.renewWait);
    }),
  );
});

await test("a timing is refused exactly when its sum fails or its TTL is not whole seconds from 2 s up", async () => {
  fc.assert(
    fc.property(settings, (chosen) => {
      const timing = timingOf(chosen);
      const { ttl, clockDrift, lostGrace, killMargin, renewEvery, renewWait } = timing;
      const left = ttl * (1 - clockDrift) - lostGrace - killMargin - renewWait;
      const kept = ttl >= 2_000 && Number.isInteger(ttl / 1_000) && left >= 2 * renewEvery;
      return (impossible(timing) === undefined) === kept;
    }),
  );
});

await test("the defaults are accepted with every TTL in whole seconds, and scale with it up to their limits", async (t) => {
  const hour = Array.from({ length: 3_599 }, (_, index) => (index + 2) * 1_000);
  t.same(
    hour.filter((ttl) => impossible(timingOf({ ...DEFAULT, ttl })) !== undefined),
    [],
  );
  t.match(timingOf({ ...DEFAULT, ttl: 5_000 }), {
    lostGrace: 1_500,
    killMargin: 500,
    renewEvery: 1_000,
    renewWait: 500,
  });
  t.match(timingOf({ ...DEFAULT, ttl: 60_000 }), {
    lostGrace: 18_000,
    killMargin: 1_000,
    renewEvery: 2_000,
    renewWait: 1_000,
  });
});

await test("the TTL that etcd granted counts: defaults follow it, chosen times stay", async (t) => {
  t.match(timingOf({ ...DEFAULT, ttl: 2_000 }, 5_000), { ttl: 5_000, lostGrace: 1_500, killMargin: 500 });
  const chosen = { ...DEFAULT, ttl: 4_000, lostGrace: 700, killMargin: 300 };
  t.match(timingOf(chosen, 5_000), { ttl: 5_000, lostGrace: 700, killMargin: 300, renewEvery: 1_000 });
});

await test("a refusal names the sum that fails", async (t) => {
  const refusal = (change: Partial<TimingSettings>): string | undefined =>
    impossible(timingOf({ ...DEFAULT, ...change }));
  t.equal(refusal({ ttl: 1_000 }), "a TTL of 1s is shorter than etcd's least of 2s");
  t.equal(refusal({ ttl: 0 }), "a TTL of 0ms is shorter than etcd's least of 2s");
  t.equal(refusal({ ttl: 2_500 }), "a TTL of 2.5s is not in whole seconds, as etcd counts");
  t.equal(
    refusal({ lostGrace: 5_000 }),
    "TTL 10s less 1 % clock drift, 5s lost grace, 1s kill margin and 1s for an answer leaves 2.9s, " +
      "but riding through two failed renewals takes 4s",
  );
  t.equal(
    refusal({ ttl: 2_000, lostGrace: 2_000, clockDrift: 0.025 }),
    "TTL 2s less 2.5 % clock drift, 2s lost grace, 200ms kill margin and 200ms for an answer leaves -450ms, " +
      "but riding through two failed renewals takes 800ms",
  );
});

await test("times that are no numbers or not finite are refused", async (t) => {
  for (const wrong of [NaN, Infinity]) {
    for (const name of ["ttl", "lostGrace", "killMargin", "clockDrift"] as const)
      t.type(impossible(timingOf({ ...DEFAULT, [name]: wrong })), "string", `${name} ${wrong}`);
  }
});

await test("times below zero are refused: they would put KILL_AT after the end of the lease", async (t) => {
  for (const name of ["lostGrace", "killMargin", "clockDrift"] as const)
    t.type(impossible(timingOf({ ...DEFAULT, [name]: -0.5 })), "string", `${name} below zero`);
});

await test("leases granted in one moment are renewed all over the first period, and none later than that", async (t) => {
  const timing = timingOf(DEFAULT);
  t.same(
    [0, 0.25, 1].map((chance) => renewalPhase(timing, chance)),
    [0, 500, 2_000],
  );
});
