import type { History } from "./history.js";

/**
 * What a rule found: a promise that was broken; a race that docs/limits.md tells of and that was lost within its bounds; or something
 * that could not be looked at, and why.
 */
export interface Finding {
  readonly kind: "violation" | "race" | "unchecked";
  readonly text: string;
}

/** Reads a history; no finding means that all is well. */
export type Rule = (history: History) => Finding[];

export function violation(text: string): Finding {
  return { kind: "violation", text };
}

export function race(text: string): Finding {
  return { kind: "race", text };
}

export function unchecked(text: string): Finding {
  return { kind: "unchecked", text };
}

/** Milliseconds as they are told. */
export function ms(time: number): string {
  return `${Math.round(time)} ms`;
}
