import { test } from "tap";
import { check, RULES } from "./checker.js";
import { beats, fault, history, instance, put, TTL } from "./made-up.js";
import { handOversOf, handOverSoon, leadsAgain, leadsWithin, nothingLeft } from "./run-rules.js";

const LIMIT = leadsWithin(TTL / 1_000);

await test("with a healthy quorum somebody leads again in time", async (t) => {
  const found = (gap: number, faults: ReturnType<typeof fault>[] = []) =>
    leadsAgain(history({ beats: [...beats(7, "a1", 0, 10_000), ...beats(9, "b1", 10_000 + gap, 100_000)], faults }))
      .length;
  t.equal(found(LIMIT - 100), 0);
  t.equal(found(LIMIT + 100), 1);
  t.equal(found(LIMIT + 100, [fault("stop-member", 11_000, 14_000, "m0")]), 0, "not for so long without trouble");
  t.equal(found(LIMIT + 5_000, [fault("stop-member", 11_000, 14_000, "m0")]), 1, "for so long after the trouble");
  t.equal(found(LIMIT + 100, [fault("kill-wrapper", 11_000, 14_000, "a1")]), 1, "the quorum was healthy");
  const contender = history({
    beats: [...beats(7, "a1", 0, 10_000), ...beats(9, "b1", 10_000 + LIMIT + 100, 100_000)],
    keys: [put(8, "contender1", 10_000), { ...put(8, "contender1", 15_000), type: "delete", revision: 12n }],
  });
  t.same(leadsAgain(contender), [], "somebody without a workload led");
  const everybody = { ...fault("cut-link", 11_000, 14_000, "a>m0"), target: "everybody all" };
  t.equal(found(LIMIT + 100, [everybody]), 0, "nobody could reach it");
});

await test("a workload that nobody ended does not lead", async (t) => {
  const orphan = beats(7, "a1", 20_000, 100_000);
  t.equal(leadsAgain(history({ beats: [...beats(9, "b1", 10_000, 20_000), ...orphan] })).length, 1);
});

await test("somebody leads again after the last fault, too", async (t) => {
  const found = leadsAgain(
    history({ beats: beats(7, "a1", 0, 60_000), faults: [fault("stop-member", 50_000, 70_000, "m0")] }),
  );
  t.equal(found.length, 1);
});

await test("a planned hand-over takes less than a TTL", async (t) => {
  const stop = fault("end-wrapper", 20_000, 20_000, "a1");
  const found = (
    next: number,
    { faults = [stop], keys = [put(7, "a1"), put(9, "b1")], stalls = [{ from: 0, to: 0 }] } = {},
  ) => {
    const run = history({
      beats: [...beats(7, "a1", 10_000, 20_000), ...beats(9, "b1", next, next + 100)],
      faults,
      keys,
      stalls,
    });
    return [handOversOf(run).length, handOverSoon(run).length];
  };
  t.same(found(20_200), [1, 0]);
  t.same(found(20_000 + TTL + 100), [1, 1]);
  t.same(found(20_000 + TTL + 100, { keys: [put(7, "a1")] }), [0, 0], "nobody was there to take over");
  t.same(found(20_000 + TTL + 100, { keys: [put(7, "a1"), put(9, "b1", 30_000)] }), [0, 0], "nor in time");
  t.same(found(20_000 + TTL + 100, { stalls: [{ from: 20_100, to: 20_600 }] }), [0, 0], "the network was away");
  const contended = [put(7, "a1"), put(8, "contender1"), put(9, "b1")];
  t.same(found(20_000 + TTL + 100, { keys: contended }), [0, 0], "somebody without a workload followed");
  const alone = (other: ReturnType<typeof fault>) => found(20_000 + TTL + 100, { faults: [stop, other] });
  t.same(alone(fault("delay-link", 19_000, 21_000, "b>m0")), [0, 0], "something else went on");
  t.same(alone(fault("delay-link", 16_000, 18_000, "b>m0")), [1, 1], "something else was over");
  t.same(alone(fault("kill-wrapper", 17_000, 17_000, "b1")), [0, 0], "a dead one may still stand in the queue");
});

await test("whatever is left at the end is found", async (t) => {
  t.same(nothingLeft(history()), []);
  const remains = { keys: ["jobs/1"], leases: ["1", "2"], processes: ["41 perl"] };
  t.equal(nothingLeft(history({ remains })).length, 4);
});

await test("the checker asks every rule, and counts what there was", async (t) => {
  const broken = history({
    beats: [...beats(9, "b1", 0, 100_000), ...beats(7, "a1", 100, 9_000)],
    instances: [instance("a1", [], { endedAt: 100, end: "SIGABRT" }), instance("b1", [])],
    remains: { keys: ["jobs/1"], leases: [], processes: [] },
    faults: [{ ...fault("kill-guard", 0, 0), skipped: "no guard" }],
  });
  const { violations, counts } = check(broken);
  t.match(counts, { terms: 2, faults: 1, skipped: 1, handOvers: 0 });
  const rulesBroken = Object.keys(RULES).filter((name) => violations.some((text) => text.startsWith(`${name}: `)));
  t.same(rulesBroken, [
    "no beat of an older token after the first of a newer one",
    "tokens are create revisions",
    "last beat <= validUntil",
    "no orphan 2 s after a wrapper's end",
    "nothing is left at the end",
    "no bug is logged",
  ]);
  const calm = history({ beats: beats(9, "b1", 0, 100_000), mode: "lock" });
  t.same(check(calm).violations, []);
  t.equal(check(calm).unchecked.length, 4, "what etcdctl lock does not tell is said");
});
