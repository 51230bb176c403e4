import type { Milliseconds } from "./duration.js";
import type { Health, HealthRules } from "./states.js";

/** The command has just been started: the first look is due after an interval, as with Docker. */
export function unexamined({ interval, startPeriod }: HealthRules, at: Milliseconds): Health {
  return { due: at + interval, probing: false, failures: 0, lenientUntil: at + startPeriod };
}

/** A look begins; it may take as long as the timeout. */
export function probing({ timeout }: HealthRules, health: Health, at: Milliseconds): Health {
  return { ...health, probing: true, due: at + timeout };
}

/** A look has ended. Failures do not count during the start period, which a success ends. */
export function examined({ interval }: HealthRules, health: Health, healthy: boolean, at: Milliseconds): Health {
  const { failures, lenientUntil } = health;
  const next = { due: at + interval, probing: false };
  if (healthy) return { ...next, failures: 0, lenientUntil: -Infinity };
  return { ...next, failures: at < lenientUntil ? 0 : failures + 1, lenientUntil };
}
