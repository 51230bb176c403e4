import * as fc from "fast-check";
import { test } from "tap";
import { formatDuration, parseDuration } from "../lib/duration.js";

await test("a duration is a number with ms, s, m or h, several of them in a row, or a bare number of seconds", async (t) => {
  for (const [text, ms] of [
    ["500ms", 500],
    ["8s", 8_000],
    ["1m30s", 90_000],
    ["1h", 3_600_000],
    ["1h2m3s4ms", 3_723_004],
    ["1.5h", 5_400_000],
    ["1.5h30s", 5_430_000],
    ["0.5s", 500],
    ["0.5ms", 0.5],
    ["10", 10_000],
    ["2.5", 2_500],
    ["0", 0],
    ["0s", 0],
    ["007", 7_000],
    ["90m", 5_400_000],
    ["2147483648s", 2 ** 31 * 1_000],
  ] as const)
    t.equal(parseDuration(text), ms, text);
});

await test("anything else is no duration", async (t) => {
  for (const text of [
    ["", " ", "ms", "s", ".", "-", "5 s", " 5s", "5s ", "5s\n", "1m 30s", "1,5s", "1_000"],
    ["-1", "-1s", "+1s", "1x", "1S", "1H", "1sec", "1d", "s1", "1s2", "1.s", ".5s", "1.2.3s", "1..2s"],
    ["1e3", "1e3s", "0x10", "0b1", "Infinity", "-Infinity", "NaN", "null", "١s", "１s", "5ѕ", "²s"],
    ["2147483649s", "596524h", "9".repeat(400), "1h".repeat(600_000)],
  ].flat())
    t.equal(parseDuration(text), undefined, JSON.stringify(text.slice(0, 20)));
});

await test("units may come in any order, and repeat", async (t) => {
  t.equal(parseDuration("30s1m"), 90_000);
  t.equal(parseDuration("1s1s"), 2_000);
});

await test("a duration is written as people do, to the millisecond", async (t) => {
  for (const [ms, text] of [
    [0, "0ms"],
    [0.4, "0ms"],
    [1, "1ms"],
    [900, "900ms"],
    [999.4, "999ms"],
    [999.6, "1s"],
    [1_000, "1s"],
    [1_001, "1.001s"],
    [2_500, "2.5s"],
    [60_000, "1m"],
    [90_000, "1m30s"],
    [60_001, "1m0.001s"],
    [3_600_000, "1h"],
    [3_605_000, "1h5s"],
    [5_430_500, "1h30m30.5s"],
    [90_000_000, "25h"],
  ] as const)
    t.equal(formatDuration(ms), text, text);
});

await test("what is written reads back the same, to less than a microsecond", async () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 31 * 1_000 }), (ms) => {
      const back = parseDuration(formatDuration(ms));
      return back !== undefined && Math.abs(back - ms) < 1e-3;
    }),
  );
});

await test("whole milliseconds are read to the millisecond, however they are written", async (t) => {
  for (const [text, ms] of [
    ["4.1m", 246_000],
    ["2.05m", 123_000],
    ["1.1h", 3_960_000],
    ["1.001s", 1_001],
  ] as const)
    t.equal(parseDuration(text), ms, text);
});

await test("reading never throws and yields only finite durations, none below zero", async () => {
  const near = fc.string({ unit: fc.constantFrom(..."0123456789.smh- +eE".split("")) });
  fc.assert(
    fc.property(fc.oneof(fc.string(), near), (text) => {
      const ms = parseDuration(text);
      return ms === undefined || (ms >= 0 && Number.isFinite(ms));
    }),
    { numRuns: 2_000 },
  );
});
