import type { Mode } from "./history.js";

export interface Arguments {
  readonly seeds: readonly number[];
  readonly seconds: number;
  /** How many seeds at once. */
  readonly parallel: number;
  readonly mode: Mode;
  /** Where everything is kept that a run wrote, also of those that held. */
  readonly keep: string | undefined;
}

export const USAGE = `npm run test:chaos -- [--seeds 1-100] [--seconds 60] [--parallel 2] [--no-guard | --lock] [--keep FOLDER]

  --seeds     numbers and ranges, as in 7 or 1-20,30
  --seconds   how long each one's faults go on
  --parallel  seeds at once, each with an etcd and candidates of its own
  --no-guard  while-leader without its guard
  --lock      etcdctl lock in while-leader's place: what it does is no promise of ours, and is to be found
  --keep      keep what every run wrote, not only of those that failed`;

/** Two seeds leave a machine of two cores some room: a margin of a second for SIGKILL is all that safety has. */
const DEFAULTS = { "--seeds": "1-100", "--seconds": "60", "--parallel": "2", "--keep": "" };

/** Reads the command line; throws an Error of one line for what it does not know. */
export function readArguments(words: readonly string[]): Arguments {
  const values: Record<string, string> = { ...DEFAULTS };
  let mode: Mode = "guard";
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? "";
    if (word === "--lock") mode = "lock";
    else if (word === "--no-guard") mode = "no-guard";
    else if (word in DEFAULTS && words[index + 1] !== undefined) values[word] = words[++index] ?? "";
    else throw new Error(`${word}?`);
  }
  return {
    seeds: (values["--seeds"] ?? "").split(",").flatMap(seedsIn),
    seconds: wholeNumber("--seconds", values["--seconds"]),
    parallel: wholeNumber("--parallel", values["--parallel"]),
    mode,
    keep: values["--keep"] || undefined,
  };
}

function seedsIn(text: string): number[] {
  const [from, to = from] = text.split("-").map((part) => wholeNumber("--seeds", part));
  if (from === undefined || to === undefined || to < from) throw new Error(`--seeds ${text}?`);
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

function wholeNumber(name: string, text = ""): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new Error(`${name} ${text}?`);
  return Number(text);
}
