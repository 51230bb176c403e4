import { test } from "tap";
import { readArguments } from "./arguments.js";
import { GUARD_FAULTS, MENU, WRAPPER_FAULTS } from "./menu.js";
import { random } from "./random.js";
import { areTooNear, drawSchedule, scheduleLines, type Fault } from "./schedule.js";

// Mulberry32 of 1, from the ninth number on.
const FIRST_DRAWS = [426, 995, 455];

const SEEDS = Array.from({ length: 200 }, (_, index) => index + 1);

await test("the same seed gives the same schedule, another one another", async (t) => {
  t.same(drawSchedule(7, 60), drawSchedule(7, 60));
  t.notSame(drawSchedule(7, 60).faults, drawSchedule(8, 60).faults);
  const first = random(1);
  t.same([first.within(0, 1_000), first.within(0, 1_000), first.within(0, 1_000)], FIRST_DRAWS, "on every machine");
});

await test("every fault of the menu befalls some seed, and every candidate's kind is drawn", async (t) => {
  const drawn = new Set(
    SEEDS.flatMap((seed) => drawSchedule(seed, 60).faults.map(({ kind, target }) => `${kind} ${target}`)),
  );
  for (const [kind, { targets }] of Object.entries(MENU))
    for (const target of targets) t.ok(drawn.has(`${kind} ${target}`), `${kind} ${target}`);
  const kinds = new Set(SEEDS.flatMap((seed) => drawSchedule(seed, 60).candidates.map(({ workload }) => workload)));
  t.same([...kinds].toSorted(), ["bare-daemon", "crashing", "daemon", "leaving", "plain", "stubborn"]);
});

await test("faults are in order, and over when the run is", async (t) => {
  for (const seed of SEEDS.slice(0, 20)) {
    const { faults } = drawSchedule(seed, 30);
    t.same(
      faults.map(({ at }) => at),
      faults.map(({ at }) => at).toSorted((a, b) => a - b),
    );
    t.ok(faults.every(({ at, lasts }) => at + lasts <= 30_000));
  }
});

await test("a wrapper and its guard are never taken away together", async (t) => {
  const at = (kind: Fault["kind"], begin: number, lasts = 0): Fault => ({
    at: begin,
    kind,
    target: "",
    lasts,
    amount: 0,
    lot: 0,
  });
  t.ok(areTooNear(at("kill-wrapper", 5_000), at("kill-guard", 5_500), 5));
  t.ok(areTooNear(at("stop-guard", 1_000, 4_000), at("kill-wrapper", 6_500), 5), "a renewal period and a second after");
  t.notOk(areTooNear(at("stop-guard", 1_000, 4_000), at("kill-wrapper", 7_100), 5));
  t.notOk(areTooNear(at("kill-wrapper", 5_000), at("stop-wrapper", 5_000), 5), "two of the same");
  for (const seed of SEEDS) {
    const { faults, ttl } = drawSchedule(seed, 60);
    const ofWrappers = faults.filter(({ kind }) => WRAPPER_FAULTS.includes(kind));
    const ofGuards = faults.filter(({ kind }) => GUARD_FAULTS.includes(kind));
    const near = ofWrappers.some((one) => ofGuards.some((other) => areTooNear(one, other, ttl)));
    if (near) t.fail(`seed ${seed}`);
  }
});

await test("a schedule has a calm, with a planned stop alone in it", async (t) => {
  for (const seed of SEEDS.slice(0, 50)) {
    const { faults, ttl } = drawSchedule(seed, 60);
    const alone = faults.filter(({ kind, at }) => {
      const [from, to] = [at - ttl * 1_400, at + ttl * 1_400];
      return (
        kind === "end-wrapper" &&
        faults.filter((other) => other.at <= to && other.at + other.lasts >= from).length === 1
      );
    });
    t.ok(alone.length > 0, `seed ${seed}`);
  }
});

await test("a schedule is told in words", async (t) => {
  const lines = scheduleLines(drawSchedule(7, 60));
  t.match(lines[0], /^seed 7: 60 s, TTL [345] s, etcd 3\.4, the log of [a-e] on a small disk$/);
  t.equal(lines.length, 1 + 5 + drawSchedule(7, 60).faults.length);
});

await test("the command line is read, and refused where it is not known", async (t) => {
  t.same(readArguments([]).seeds.length, 100);
  t.match(readArguments(["--seeds", "7,9-11", "--seconds", "5", "--parallel", "3", "--lock"]), {
    seeds: [7, 9, 10, 11],
    seconds: 5,
    parallel: 3,
    mode: "lock",
  });
  for (const words of [["--seeds", "0"], ["--seeds", "3-1"], ["--seeds"], ["--seconds", "1s"], ["--speed", "1"]])
    t.throws(() => readArguments(words));
});
