import { DEFAULTS, HOOK_FAILED, RESTART } from "./defaults.js";
import type { Milliseconds } from "./duration.js";
import { usageFailure } from "./failure.js";
import type { LogOptions } from "./log.js";
import type { OptionName } from "./options.js";
import type { HookName, Rules } from "./states.js";
import type { Values } from "./values.js";
import {
  readChoice,
  readCount,
  readDuration,
  readFlag,
  readNumber,
  readSignal,
  readSignals,
  readText,
} from "./values.js";

/** What was decided about the life of a candidate. @throws Failure (status 64) */
export function readRules(values: Values): Rules {
  return {
    stopOn: new Set(readSignals(values, "stop-on") ?? DEFAULTS.stopOn),
    stopWith: readSignal(values, "stop-with"),
    killAfter: readDuration(values, "kill-after") ?? DEFAULTS.killAfter,
    onLost: readChoice(values, "on-lost") === "exit" ? "exit" : "rejoin",
    wait: readDuration(values, "wait"),
    restart: readRestart(values),
    health: readHealth(values),
    hooks: readHookRules(values),
  };
}

/** What the hooks are to run, for the shell. @throws Failure (status 64) */
export function readHooks(values: Values, election: unknown): Readonly<Record<HookName, string | undefined>> {
  for (const name of ["on-elected", "on-resigned"] as const) {
    const given = values.get(name);
    if (given && election === undefined) throw usageFailure(given.from, undefined, "needs --election as well");
  }
  return { "on-elected": readText(values, "on-elected"), "on-resigned": readText(values, "on-resigned") };
}

function readHookRules(values: Values): Rules["hooks"] {
  const timeout = readPositive(values, "hook-timeout", DEFAULTS.hookTimeout);
  const [onElected, onResigned] = [values.has("on-elected"), values.has("on-resigned")];
  return onElected || onResigned ? { onElected, onResigned, timeout, ...HOOK_FAILED } : undefined;
}

function readPositive(values: Values, name: OptionName, fallback: Milliseconds): Milliseconds {
  const duration = readDuration(values, name) ?? fallback;
  if (duration === 0) throw usageFailure(values.get(name)?.from ?? "", "0", "must be more than 0");
  return duration;
}

function readHealth(values: Values): Rules["health"] {
  const retries = readNumber(values, "health-retries") ?? DEFAULTS.healthRetries;
  if (retries === 0) throw usageFailure(values.get("health-retries")?.from ?? "", "0", "must be 1 or more");
  const health = {
    interval: readPositive(values, "health-interval", DEFAULTS.healthInterval),
    timeout: readPositive(values, "health-timeout", DEFAULTS.healthTimeout),
    retries,
    startPeriod: readDuration(values, "health-start-period") ?? 0,
  };
  return values.has("health-cmd") ? health : undefined;
}

function readRestart(values: Values): Rules["restart"] {
  const when = readChoice(values, "restart");
  const most = readNumber(values, "max-restarts") ?? DEFAULTS.maxRestarts;
  return when === "on-failure" || when === "always" ? { when, most, ...RESTART } : undefined;
}

/** How the log is to be written. @throws Failure (status 64) */
export function readLog(values: Values): LogOptions {
  return { format: readChoice(values, "log-format") === "json" ? "json" : "text", level: readVerbosity(values) };
}

function readVerbosity(values: Values): LogOptions["level"] {
  const more = readCount(values, "verbose");
  const quiet = readFlag(values, "quiet");
  if (quiet && more > 0) throw usageFailure(values.get("quiet")?.from ?? "", undefined, "does not go with --verbose");
  return quiet ? "error" : more === 0 ? "info" : more === 1 ? "debug" : "trace";
}
