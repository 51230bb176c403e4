import type { Milliseconds } from "./duration.js";
import type { Exit } from "./exit-status.js";
import type { Effect } from "./states.js";

type Write = (
  level: "error" | "warn" | "info",
  event: string,
  fields?: Readonly<Record<string, string | number | undefined>>,
) => void;

/** Logs what the lifecycle decided. @param at now. */
export function report(effect: Extract<Effect, { do: "log" }>, at: Milliseconds, log: Write): void {
  switch (effect.event) {
    case "signal":
      return log("info", "signal", { signal: effect.signal, to: effect.to });
    case "gave-up": {
      const error = effect.reached ? "not elected within --wait" : "etcd was not reached within --wait";
      return log("error", "failed", { error });
    }
    case "exited":
      return log("info", "exited", exitFields(effect.exit));
    case "lost":
      return log("warn", "lost", { reason: effect.reason });
    case "stopping":
      return log("info", "stopping", { cause: effect.cause, "kill-in": Math.round(effect.deadline - at) });
    case "unhealthy":
      return log("warn", "unhealthy", { failures: effect.failures });
    case "restarting":
      return log("info", "restarting", { attempt: effect.attempt, delay: Math.round(effect.delay) });
    case "crash-loop": {
      const error = `the command failed quickly ${effect.failures} times in a row: leadership is given back`;
      return log("error", "failed", { error });
    }
    case "hook-failed":
      return log("warn", "hook-failed", { hook: effect.hook, error: whyFailed(effect.why) });
    case "rejoining":
      return log("info", "rejoining", { delay: effect.delay === undefined ? undefined : Math.round(effect.delay) });
  }
}

const WHY_FAILED = {
  "not-started": "could not be started",
  timeout: "took longer than --hook-timeout",
  lost: "may not run: another host may lead",
} as const;

function whyFailed(why: Extract<Effect, { event: "hook-failed" }>["why"]): string {
  if (typeof why === "string") return WHY_FAILED[why];
  return "code" in why ? `status ${why.code}` : `ended by ${why.signal}`;
}

function exitFields(exit: Exit): { status: number } | { signal: string } {
  return "code" in exit ? { status: exit.code } : { signal: exit.signal };
}
