import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Test } from "tap";
import { fixture } from "../helpers/paths.js";
import { until } from "../helpers/until.js";

export type Bug =
  "exception" | "exceptions" | "rejection" | "memory" | "loop" | "abort" | "decision" | "resignation" | "unprintable";

/** A bug inside while-leader that waits to be set off. */
export interface Trap {
  /** For the wrapper's environment. */
  readonly env: Record<string, string>;
  /** Lets it happen within a few milliseconds. */
  spring(): void;
  /** Resolves when it has been sprung: those that throw once do so from then on. */
  sprung(): Promise<unknown>;
}

/** A trap in the test's `testdir`. */
export function trapOf(t: Test, kind: Bug, ...nodeOptions: string[]): Trap {
  const file = join(t.testdir(), "bug");
  const options = [`--import=${pathToFileURL(fixture("has-bug.js")).href}`, ...nodeOptions];
  return {
    env: { BUG_KIND: kind, BUG_FILE: file, NODE_OPTIONS: options.join(" ") },
    spring: () => writeFileSync(file, ""),
    sprung: () => until("the bug", () => !existsSync(file)),
  };
}

/** A command that prints "asked" when it was asked to end, and ends, printing "saved", once it has been let. */
export function takesItsTime(t: Test): { command: string[]; save: () => void } {
  const file = join(t.testdirName, "saved");
  return { command: [fixture("takes-its-time.sh"), file], save: () => writeFileSync(file, "") };
}
