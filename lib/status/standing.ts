import type { Phase } from "../states.js";

/** What became known: a line of the log, or the phase that the candidate is in now. */
export type Fact =
  | { readonly event: string; readonly fields: Readonly<Record<string, string | number | boolean | undefined>> }
  | { readonly phase: Phase };

/** Where a candidate stands, as far as it knows. */
export interface Standing {
  readonly phase: Phase;
  /** It leads, and has neither lost that nor given it back. */
  readonly leads: boolean;
  /** The command itself runs. */
  readonly running: boolean;
}

/** Before anything has happened. */
export const AT_FIRST: Standing = { phase: "connecting", leads: false, running: false };

/** Where a candidate stands after one more fact. */
export function standingAfter(standing: Standing, fact: Fact): Standing {
  if ("phase" in fact) return inPhase(standing, fact.phase);
  switch (fact.event) {
    case "no-election":
    case "elected":
      return { ...standing, leads: true };
    case "lost":
    case "resigned":
      return { ...standing, leads: false };
    case "started":
      return { ...standing, running: true };
    case "exited":
      return { ...standing, running: false };
    default:
      return standing;
  }
}

/** Whether it does what it is there for: leads, and the command runs. */
export function isReady({ phase, running }: Standing): boolean {
  return phase === "leading" && running;
}

/** In the queue again, or at the end, nothing is left of a term, whatever was told of it last. */
function inPhase(standing: Standing, phase: Phase): Standing {
  const over = phase === "done" || (phase === "connecting" && standing.phase !== "connecting");
  return over ? { ...AT_FIRST, phase } : { ...standing, phase };
}
