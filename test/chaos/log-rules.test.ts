import { test } from "tap";
import { monotonicOf } from "./clock.js";
import { noBugs, oneReasonPerTerm, validityWithinLease } from "./log-rules.js";
import { readLog } from "./log-file.js";
import { elected, fault, history, instance, line, TTL } from "./made-up.js";

await test("a renewal is good for the TTL from its send on, less the drift", async (t) => {
  const found = (left: number, sent: number[], faults: ReturnType<typeof fault>[] = []) =>
    validityWithinLease(
      history({
        instances: [instance("a1", [line(0, "granted", { ttl: TTL }), line(5_000, "renewed", { left })])],
        sent: { a: sent },
        faults,
      }),
    ).map(({ kind }) => kind);
  const whole = TTL * 0.99;
  t.same(found(whole - 1_000, [4_000, 4_500]), []);
  t.same(found(whole + 50, [4_000, 4_500]), ["violation"], "more than the whole lease");
  t.same(found(whole - 100, [4_000, 4_500]), ["violation"], "counted from the answer, a second later");
  t.same(found(whole - 20, [4_950, 4_995]), ["violation"], "counted from the answer, a little later");
  t.same(found(whole - 26, [4_970, 4_982, 4_995]), [], "something else was sent in between");
  t.same(found(whole - 1_000, [4_000]), ["violation"], "never confirmed by a read");
  t.same(found(whole - 1_000, [4_000, 6_000]), ["violation"], "confirmed after it was counted");
  t.same(
    found(whole - 100, [4_000, 4_500], [fault("starve-cpus", 4_900, 5_100)]),
    ["unchecked"],
    "its line may be late",
  );
});

await test("a term ends with one logged reason", async (t) => {
  const found = (...lines: ReturnType<typeof line>[]) =>
    oneReasonPerTerm(history({ instances: [instance("a1", [...elected(0, 7), line(10, "started"), ...lines])] }));
  t.same(found(line(50, "exited", { status: 0 }), line(60, "resigned")), []);
  t.same(found(line(50, "stopping", { cause: "SIGTERM" }), line(60, "exited", { status: 0 })), []);
  t.same(found(line(50, "lost", { reason: "expired" }), line(50, "stopping", { cause: "expired" })), []);
  t.same(
    found(line(50, "stopping", { cause: "SIGTERM" }), line(60, "lost", { reason: "expired" })),
    [],
    "lost while it stops",
  );
  t.same(found(line(50, "orphaned")), [], "the guard's word");
  t.match(found(), [{ kind: "violation", text: "token 7: a1 (0) logged no reason for its end" }]);
  t.match(found(line(50, "resigned")), [{ kind: "violation" }]);
  t.match(found(line(50, "lost"), line(60, "lost")), [{ kind: "violation", text: "token 7: a1 logged lost twice" }]);
  t.match(found(line(50, "stopping", { cause: "SIGTERM" }), line(60, "stopping", { cause: "SIGTERM" })), [
    { kind: "violation" },
  ]);
});

await test("each term of an instance needs its own reason", async (t) => {
  const log = [...elected(0, 7), line(50, "rejoining"), ...elected(200, 9), line(300, "lost", { reason: "expired" })];
  t.match(oneReasonPerTerm(history({ instances: [instance("a1", log)] })), [{ kind: "violation", text: /^token 7: / }]);
  const full = [fault("fill-disk", 0, 300, "a")];
  t.match(oneReasonPerTerm(history({ instances: [instance("a1", log)], faults: full })), [{ kind: "unchecked" }]);
});

await test("bugs are found: in the log, beside it, and by how an instance ended", async (t) => {
  const found = (parts: Parameters<typeof instance>[2], ...lines: ReturnType<typeof line>[]) =>
    noBugs(history({ instances: [instance("a1", lines, parts)] })).length;
  t.equal(found({ end: "SIGKILL" }, line(0, "starting")), 0);
  t.equal(found({}, line(0, "bug", { error: "no" })), 1);
  t.equal(found({}, line(0, "failed", { error: "no" })), 1);
  t.equal(found({ strange: ["node:internal/assert:14"] }), 1);
  const half = instance("a1", [], { strange: ['{"time":"19'], endedAt: 1_000 });
  const afterIts = (full: number) =>
    noBugs(history({ instances: [half], faults: [fault("fill-disk", 1_000 + full, 20_000, "a")] })).length;
  t.equal(afterIts(5_000), 0, "its guard had no room for its last line");
  t.equal(afterIts(10_000), 1);
  t.equal(found({ end: 70 }), 1);
  t.equal(found({ end: "SIGABRT" }), 1);
  t.equal(found({ end: "SIGTERM" }), 0, "before its first line");
  t.equal(found({ end: "SIGTERM" }, line(0, "starting")), 1);
});

await test("a log's lines become moments, jumps of its clock taken out", async (t) => {
  const { log, strange } = readLog('{"time":"1970-01-01T00:00:01.000Z","level":"info","event":"x"}\n{"time":"19\n');
  t.equal(log.length, 1);
  t.same(strange, ['{"time":"19']);
  for (const jump of [0, 1e9, -1e9])
    t.equal(monotonicOf(new Date(5_000_123 + jump).toISOString(), 5_060_000, 1.7e12), 5_000_123);
  t.equal(monotonicOf(new Date(1.7e12 - 40).toISOString(), 5_060_000, 1.7e12), 5_059_960, "the host's own clock");
});
