import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { atExit } from "../helpers/at-exit.js";
import { USAGE, readArguments, type Arguments } from "./arguments.js";
import { hasGuard } from "./commands.js";
import { launch, type Outcome } from "./launch.js";

/** Of one seed's violations; and so much of each. */
const [MOST_TOLD, LONGEST_TOLD] = [20, 1_000];

/** Told once a run, not once a seed. */
const said = new Set<string>();

process.exitCode = await main(process.argv.slice(2));

async function main(words: readonly string[]): Promise<number> {
  if (words.includes("--help")) {
    console.log(USAGE);
    return 0;
  }
  let asked: Arguments;
  try {
    asked = readArguments(words);
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    return 64;
  }
  if (process.platform !== "linux") {
    console.error("the chaos rig needs Linux: /proc tells it who is who");
    return 69;
  }
  if (asked.mode !== "lock" && !hasGuard()) console.log("this while-leader has no guard");
  return runAll(asked);
}

/** Every seed, a few at once. @returns the exit status: whether the promises held, or whether etcdctl lock broke them. */
async function runAll({ seeds, seconds, parallel, mode, keep }: Arguments): Promise<number> {
  const folder = keep ?? mkdtempSync(join(tmpdir(), "while-leader-chaos-"));
  mkdirSync(folder, { recursive: true });
  const forget = atExit(() => keep === undefined && rmSync(folder, { recursive: true, force: true }));
  const waiting = [...seeds];
  const failed: number[] = [];
  const totals = {
    beats: 0,
    terms: 0,
    faults: 0,
    handOvers: 0,
    longestHandOver: 0,
    violations: 0,
    races: 0,
    unchecked: 0,
  };
  const worker = async (): Promise<void> => {
    for (let seed = waiting.shift(); seed !== undefined; seed = waiting.shift()) {
      const own = join(folder, `seed-${seed}`);
      rmSync(own, { recursive: true, force: true });
      mkdirSync(own);
      const outcome = await launch({ seed, seconds, mode, folder: own });
      tell(seed, outcome, mode);
      if ("result" in outcome) add(totals, outcome.result);
      const holds = "result" in outcome && outcome.result.violations.length === 0;
      if (!holds) {
        failed.push(seed);
        tellMore(seed, outcome, own, replay(seed, seconds, mode), mode);
      } else if (keep === undefined) rmSync(own, { recursive: true, force: true });
    }
  };
  await Promise.all(Array.from({ length: parallel }, worker));
  console.log(
    `${seeds.length} seeds of ${seconds} s: ${failed.length} with violations${failed.length > 0 ? ` (${failed.toSorted((a, b) => a - b).join(", ")})` : ""}; ` +
      Object.entries(totals)
        .map(([name, count]) => `${count} ${name}`)
        .join(", "),
  );
  forget();
  if (failed.length === 0 && keep === undefined) rmSync(folder, { recursive: true, force: true });
  if (mode !== "lock") return failed.length === 0 ? 0 : 1;
  if (failed.length === 0) console.log("a checker that finds nothing wrong with etcdctl lock is broken");
  return failed.length === 0 ? 1 : 0;
}

type Totals = Record<
  "beats" | "terms" | "faults" | "handOvers" | "longestHandOver" | "violations" | "races" | "unchecked",
  number
>;

function add(
  totals: Totals,
  { counts, violations, races, unchecked }: Extract<Outcome, { result: unknown }>["result"],
): void {
  for (const name of ["beats", "terms", "faults", "handOvers"] as const) totals[name] += counts[name];
  totals.longestHandOver = Math.max(totals.longestHandOver, counts.longestHandOver);
  totals.violations += violations.length;
  totals.races += races.length;
  totals.unchecked += unchecked.length;
}

function tell(seed: number, outcome: Outcome, mode: string): void {
  if ("failure" in outcome) return console.log(`seed ${seed}: FAILED: ${outcome.failure.split("\n")[0]}`);
  const { counts, violations, races, unchecked, notes } = outcome.result;
  for (const note of notes.filter((one) => !said.has(one))) {
    said.add(note);
    console.log(note);
  }
  const { beats, terms, faults, skipped, handOvers, longestHandOver, stalled } = counts;
  console.log(
    [
      `seed ${seed}: ${violations.length === 0 ? "held" : `${violations.length} VIOLATIONS`}`,
      `${terms} terms, ${beats} beats, ${faults - skipped} of ${faults} faults`,
      `${handOvers} planned hand-overs${handOvers > 0 ? ` (${longestHandOver} ms at most)` : ""}`,
      `${races.length} documented races, ${unchecked.length} unchecked, rig stalled for ${stalled} ms`,
    ].join(", "),
  );
  for (const race of races) console.log(`  race: ${race}`);
  // What cannot be asked of etcdctl lock is the same for every seed.
  for (const text of mode === "lock" ? [] : unchecked) console.log(`  unchecked: ${text}`);
}

/** What one needs to look into it. */
function tellMore(seed: number, outcome: Outcome, folder: string, again: string, mode: string): void {
  const lines = "failure" in outcome ? [outcome.failure.trimEnd()] : outcome.result.violations;
  for (const line of lines.slice(0, MOST_TOLD)) console.log(`  ${line.slice(0, LONGEST_TOLD)}`);
  if (lines.length > MOST_TOLD) console.log(`  and ${lines.length - MOST_TOLD} more, in result.json`);
  if (mode === "lock") return;
  console.log(readFileSync(join(folder, "schedule.txt"), "utf8").replace(/^/gm, "  "));
  console.log(`  seed ${seed}: its logs are in ${folder}; again: ${again}`);
}

function replay(seed: number, seconds: number, mode: string): string {
  const how = mode === "guard" ? "" : ` --${mode}`;
  return `npm run test:chaos -- --seeds ${seed} --seconds ${seconds}${how}`;
}
