import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import t, { type Test } from "tap";
import type { Mode } from "./history.js";
import { launch } from "./launch.js";
import type { FaultKind } from "./menu.js";
import { drawSchedule, type Fault } from "./schedule.js";
import type { Result } from "./seed.js";

// The many and the long ones are `npm run test:chaos`; this is one short run, and the proof that it would find something.
const SECONDS = 8;
/** One whose candidates are of all kinds but the crashing one, and the clocks of two of them jump. */
const SEED = 92;

t.jobs = 2;

void t.test("whatever befalls five candidates and their etcd, no promise is broken", linuxOnly(), async (t) => {
  const { violations, counts, unchecked, notes } = await play(t, "guard", [
    at(200, "kill-wrapper"),
    at(1_200, "fill-disk", "log", 3_000),
    at(1_500, "kill-workload"),
    at(2_000, "stop-member", "leader", 2_500),
    at(2_500, "part-one-way", "from leader", 1_500),
    at(3_000, "swallow-link", "leader all", 2_500),
    at(5_600, "delete-key", "first"),
    at(6_000, "compact", "now"),
    at(6_400, "kill-guard"),
    at(6_800, "end-wrapper"),
  ]);
  for (const note of [...notes, ...unchecked]) t.comment(note);
  t.same(violations, []);
  t.ok(counts.terms >= 3 && counts.beats > 100, "there was something to look at");
});

void t.test(
  "of etcdctl lock in while-leader's place the same rig finds what it does not hold",
  linuxOnly(),
  async (t) => {
    const { violations } = await play(t, "lock", [at(200, "kill-wrapper"), at(5_000, "end-wrapper")]);
    for (const broken of ["no beat of an older token", "no orphan 2 s after", "nothing is left at the end: a process"])
      t.ok(
        violations.some((text) => text.startsWith(broken)),
        broken,
      );
  },
);

function at(begin: number, kind: FaultKind, target = "leader", lasts = 0): Fault {
  return { at: begin, kind, target, lasts, amount: 0, lot: 0 };
}

async function play(t: Test, mode: Mode, faults: readonly Fault[]): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), "while-leader-chaos-"));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const drawn = drawSchedule(SEED, SECONDS);
  const schedule = { ...drawn, ttl: 3, faults };
  const outcome = await launch({ seed: drawn.seed, seconds: SECONDS, mode, folder, schedule });
  if ("failure" in outcome) throw new Error(outcome.failure);
  return outcome.result;
}

function linuxOnly(): { skip: string | false } {
  return { skip: process.platform === "linux" ? false : "needs Linux's /proc" };
}
