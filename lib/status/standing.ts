import type { Phase } from "../states.js";

/** What became known: a line of the log, or the phase that the candidate is in now. */
export type Fact =
  | { readonly event: string; readonly fields: Readonly<Record<string, string | number | boolean | undefined>> }
  | { readonly phase: Phase };

/** Whoever leads. Of another host the identity alone is known. */
export interface Leader {
  readonly identity: string | undefined;
  readonly key?: string | undefined;
  /** The fencing token. */
  readonly revision?: string | undefined;
}

/** Where a candidate stands, as far as it knows. */
export interface Standing {
  readonly phase: Phase;
  /** It leads, and has neither lost that nor given it back. */
  readonly leads: boolean;
  /** The command itself runs. */
  readonly running: boolean;
  /** Ourselves, or who led when we last looked at the queue. */
  readonly leader: Leader | undefined;
}

/** Before anything has happened. */
export const AT_FIRST: Standing = { phase: "connecting", leads: false, running: false, leader: undefined };

/** Where a candidate stands after one more fact. */
export function standingAfter(standing: Standing, fact: Fact): Standing {
  if ("phase" in fact) return inPhase(standing, fact.phase);
  const { event, fields } = fact;
  switch (event) {
    case "no-election":
      return { ...standing, leads: true };
    case "standby":
      return { ...standing, leader: { identity: text(fields["leader"]) } };
    case "elected": {
      const [identity, key, revision] = [fields["identity"], fields["key"], fields["revision"]].map(text);
      return { ...standing, leads: true, leader: { identity, key, revision } };
    }
    case "lost":
    case "resigned":
    case "rejoining":
      return { ...standing, leads: false, leader: undefined };
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

function text(value: string | number | boolean | undefined): string | undefined {
  return value === undefined ? undefined : String(value);
}
