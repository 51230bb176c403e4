import { test } from "tap";
import { beatsWithinValidity, noOlderBeat, noOrphans, RACE_WINDOW, tokensAreCreateRevisions } from "./beat-rules.js";
import { readBeats, readHistory, writeHistory } from "./history.js";
import { nothingLeft } from "./run-rules.js";
import { beats, elected, fault, history, instance, put, TTL } from "./made-up.js";

await test("one term after another breaks nothing", async (t) => {
  t.same(noOlderBeat(history({ beats: [...beats(7, "a1", 0, 100), ...beats(9, "b1", 110, 200)] })), []);
});

await test("an older token's beat after a newer one's is found, in the order of the writes", async (t) => {
  const one = beats(7, "a1", 0, 30);
  const found = noOlderBeat(
    history({ beats: [...beats(9, "b1", 20, 20), ...one.slice(0, 2), ...beats(9, "b1", 40, 60)] }),
  );
  t.match(found, [
    { kind: "violation", text: /^token 7 \(a1, main\) beat after token 9 \(b1\): 2 times, up to -10 ms/ },
  ]);
  const numbers = noOlderBeat(history({ beats: [...beats(10, "b1", 0, 0), ...beats(9, "a1", 10, 10)] }));
  t.equal(numbers.length, 1, "as numbers, not as text");
});

await test("each older token is found once for each newer one", async (t) => {
  const mixed = [
    ...beats(7, "a1", 0, 0),
    ...beats(9, "b1", 10, 10),
    ...beats(7, "a1", 20, 40),
    ...beats(11, "c1", 50, 50),
  ];
  t.equal(noOlderBeat(history({ beats: [...mixed, ...beats(7, "a1", 60, 60), ...beats(9, "b1", 70, 70)] })).length, 3);
});

await test("a key that is taken by hand is a race only for so long", async (t) => {
  const log = elected(0, 7);
  const taken = fault("delete-key", 1_000, 1_050, "jobs/7");
  const last = 1_050 + RACE_WINDOW;
  const run = (until: number, ...others: ReturnType<typeof fault>[]) =>
    noOlderBeat(
      history({
        beats: [...beats(7, "a1", 0, 1_000), ...beats(9, "b1", 1_060, 1_060), ...beats(7, "a1", 1_070, until)],
        instances: [instance("a1", log)],
        faults: [taken, ...others],
      }),
    ).map(({ kind }) => kind);
  t.same(run(last), ["race"]);
  t.same(run(last + 20), ["violation", "race"]);
  t.same(run(last + 20, fault("swallow-link", 900, 3_000, "a>m0")), ["race"], "cut off, until its time is over");
  t.same(run(last + 20, fault("swallow-link", 900, 3_000, "b>m0")), ["violation", "race"], "somebody else was cut off");
  t.same(run(TTL + 500, fault("swallow-link", 900, 3_000, "a>m0")), ["violation", "race"], "and no longer");
  const stalled = history({
    beats: [...beats(9, "b1", 1_060, 1_060), ...beats(7, "a1", last + 10, last + 20)],
    instances: [instance("a1", log)],
    faults: [taken],
    stalls: [{ from: 1_100, to: 1_400 }],
  });
  t.match(noOlderBeat(stalled), [{ kind: "race" }], "the rig's network was away");
  const other = fault("delete-key", 1_000, 1_050, "jobs/8");
  const beatsOfBoth = [...beats(9, "b1", 1_060, 1_060), ...beats(7, "a1", 1_070, 1_080)];
  const instances = [instance("a1", log)];
  t.match(
    noOlderBeat(history({ beats: beatsOfBoth, instances, faults: [other] })),
    [{ kind: "violation" }],
    "another key",
  );
});

await test("a token is the create revision of its leader's key", async (t) => {
  const found = (key: ReturnType<typeof put>, unseen: [bigint, bigint][] = []) =>
    tokensAreCreateRevisions(history({ beats: beats(7, "a1", 0, 100), keys: [key], unseen })).map(({ kind }) => kind);
  t.same(found(put(7, "a1")), []);
  t.same(found(put(8, "a1")), ["violation"], "no key was created then");
  t.same(found(put(7, "b1")), ["violation"], "somebody else's key");
  t.same(found({ ...put(7, "a1"), created: 5n }), ["violation"], "the key was changed then, not created");
  t.same(found(put(8, "a1"), [[6n, 8n]]), ["unchecked"], "hidden by compaction");
  t.same(found(put(8, "a1"), [[6n, 7n]]), ["violation"], "hidden, but not this one");
});

await test("the last beat comes before the lease can have run out", async (t) => {
  const log = elected(1_000, 7);
  const end = 1_000 + TTL * 0.99 - 5;
  const found = (until: number, faults: ReturnType<typeof fault>[] = []) =>
    beatsWithinValidity(history({ beats: beats(7, "a1", 1_010, until, 1), instances: [instance("a1", log)], faults }));
  t.same(found(end), []);
  t.match(found(end + 10), [{ kind: "violation", text: /beat 10 ms after its validity/ }]);
  t.match(
    found(end + 10, [fault("fill-disk", 0, 50, "a")]),
    [{ kind: "unchecked" }],
    "a renewal may not have been logged",
  );
  t.match(beatsWithinValidity(history({ beats: beats(8, "a1", 0, 0), instances: [instance("a1", log)] })), [
    { kind: "violation", text: /its log tells of no such term/ },
  ]);
});

await test("a workload that outlives its wrapper by more than two seconds is found", async (t) => {
  const found = (until: number) =>
    noOrphans(
      history({ beats: beats(7, "a1", 0, until), instances: [instance("a1", [], { endedAt: 500, end: "SIGKILL" })] }),
    );
  t.same(found(2_500), []);
  t.match(found(2_520), [{ kind: "violation", text: "a1 ended (SIGKILL); main 1 beat for 2020 ms more" }]);
});

await test("a daemon that the guard could not have seen is told apart", async (t) => {
  const found = (daemonFrom: number, workload: "bare-daemon" | "daemon" = "bare-daemon") => {
    const daemon = beats(7, "a1", daemonFrom, 9_000, 10, { pid: 2, role: "daemon" });
    const { schedule } = history();
    const run = history({
      schedule: { ...schedule, candidates: [{ name: "a", workload, jumps: false }] },
      beats: [...daemon.slice(0, 200), ...beats(9, "b1", 5_500, 5_500), ...daemon.slice(200)],
      instances: [instance("a1", elected(1_000, 7), { endedAt: 5_000, end: "SIGKILL" })],
      faults: [fault("kill-wrapper", 5_000, 5_000, "a1")],
      remains: { keys: [], leases: [], processes: ["2 perl"] },
    });
    return [noOlderBeat, noOrphans, nothingLeft].flatMap((rule) => rule(run)).map(({ kind }) => kind);
  };
  t.same(found(4_800), ["race", "race", "race"]);
  t.same(found(4_600), ["violation", "violation", "violation"], "there was time to see it");
  t.same(found(4_800, "daemon"), ["violation", "violation", "violation"], "its environment tells whose it is");
});

await test("beats are read as they were written, and a history as it was kept", async (t) => {
  t.same(readBeats("12.250 9223372036854775807 a1 41 daemon\n13.1 8 a1"), [
    { at: 12.25, token: 9223372036854775807n, who: "a1", pid: 41, role: "daemon" },
  ]);
  t.throws(() => readBeats("12.250 7 a1 41 main12.250 7 a1 41 main\n"), { message: /^line 1 is not a beat/ });
  const kept = history({
    beats: beats(7, "a1", 0, 10),
    unseen: [[1n, 2n]],
    instances: [instance("a1", elected(0, 7))],
  });
  t.same(readHistory(writeHistory(kept)), kept);
});
