import { hostname } from "node:os";
import type { ElectionConfig } from "../config.js";
import { DEFAULTS, HOOK_FAILED, RESTART } from "../defaults.js";
import { electionName } from "../election-name.js";
import { parseEndpoints } from "../endpoints.js";
import type { EtcdOptions } from "../etcd/client.js";
import type { Candidacy } from "../etcd/election.js";
import { usageFailure } from "../failure.js";
import type { Signal } from "../signals.js";
import { parseSignal } from "../signals.js";
import type { Rules } from "../states.js";
import type { TimingSettings } from "../timing.js";
import { impossible, timingOf } from "../timing.js";
import type {
  CandidacySettings,
  ElectionSettings,
  EtcdSettings,
  LeaseSettings,
  SuperviseSettings,
} from "./settings.js";

/** What a setting must be, and what is wrong with one that is not; whoever writes JavaScript may give anything. */
interface Need<T> {
  readonly is: (value: T) => boolean;
  readonly problem: string;
}
const TIME: Need<number> = { is: (time) => Number.isFinite(time) && time >= 0, problem: "not a time of zero or more" };
const DURATION: Need<number> = { is: (time) => TIME.is(time) && time > 0, problem: "not a time of more than zero" };
const COUNT: Need<number> = { is: (n) => Number.isInteger(n) && n >= 0, problem: "not a whole number" };
const SOME: Need<number> = { is: (n) => COUNT.is(n) && n > 0, problem: "not a whole number of 1 or more" };
const SIGNAL: Need<string> = { is: (name) => parseSignal(name) === name, problem: "not a signal such as SIGQUIT" };
const COMMAND: Need<string> = {
  is: (line) => typeof line === "string" && line !== "",
  problem: "not a command for the shell",
};
const oneOf = (...words: readonly string[]): Need<string> => ({
  is: (word) => words.includes(word),
  problem: `not one of ${words.join(", ")}`,
});

/** The election as a run takes part in it. @throws Failure with code `usage` for settings that cannot be kept. */
export function electionConfig(settings: ElectionSettings): ElectionConfig {
  return { ...candidacyOf(settings), etcd: etcdOptions(settings) };
}

/** What to stand for. @throws Failure with code `usage` */
export function candidacyOf({ name, identity = hostname(), once = false, ...lease }: CandidacySettings): Candidacy {
  return { name: electionName(name, "name"), identity, once, timing: timing(lease) };
}

/** A lease's times. @throws Failure with code `usage` for those that cannot be kept. */
export function timing(lease: LeaseSettings): TimingSettings {
  const { ttl = DEFAULTS.ttl, lostGrace, killMargin, clockDrift = DEFAULTS.clockDrift } = lease;
  const chosen = { ttl, lostGrace, killMargin, clockDrift };
  const problem = impossible(timingOf(chosen));
  if (problem !== undefined) throw usageFailure("ttl", undefined, problem);
  return chosen;
}

/** Where etcd is. @throws Failure with code `usage` */
export function etcdOptions({ endpoints = DEFAULTS.endpoints, tls, user, ...timeouts }: EtcdSettings): EtcdOptions {
  const { dialTimeout = DEFAULTS.dialTimeout, commandTimeout = DEFAULTS.commandTimeout } = timeouts;
  check("dialTimeout", dialTimeout, DURATION);
  check("commandTimeout", commandTimeout, DURATION);
  return {
    endpoints: parseEndpoints(endpoints, "endpoints", tls !== undefined),
    ...(tls && { tls }),
    ...(user && { user }),
    dialTimeout,
    commandTimeout,
  };
}

/** The life of a candidate. @throws Failure with code `usage` */
export function rulesOf(settings: SuperviseSettings): Rules {
  const { stopWith, killAfter = DEFAULTS.killAfter, onLost = DEFAULTS.onLost, wait } = settings;
  check("killAfter", killAfter, TIME);
  check("wait", wait, TIME);
  check("stopWith", stopWith, SIGNAL);
  check("onLost", onLost, oneOf("rejoin", "exit"));
  return {
    stopOn: new Set<Signal>(["SIGTERM"]),
    stopWith,
    killAfter,
    onLost,
    wait,
    restart: restartRules(settings),
    health: healthRules(settings),
    hooks: hookRules(settings),
  };
}

function restartRules({
  restart = "no",
  maxRestarts: most = DEFAULTS.maxRestarts,
}: SuperviseSettings): Rules["restart"] {
  check("restart", restart, oneOf("no", "on-failure", "always"));
  check("maxRestarts", most, COUNT);
  return restart === "no" ? undefined : { when: restart, most, ...RESTART };
}

function healthRules({ health }: SuperviseSettings): Rules["health"] {
  if (health === undefined) return undefined;
  const { command, interval = DEFAULTS.healthInterval, timeout = DEFAULTS.healthTimeout } = health;
  const { retries = DEFAULTS.healthRetries, startPeriod = 0 } = health;
  check("health.command", command, COMMAND);
  check("health.interval", interval, DURATION);
  check("health.timeout", timeout, DURATION);
  check("health.retries", retries, SOME);
  check("health.startPeriod", startPeriod, TIME);
  return { interval, timeout, retries, startPeriod };
}

function hookRules({ election, hooks }: SuperviseSettings): Rules["hooks"] {
  if (hooks === undefined) return undefined;
  const { onElected, onResigned, timeout = DEFAULTS.hookTimeout } = hooks;
  if (election === undefined) throw usageFailure("hooks", undefined, "needs an election as well");
  check("hooks.onElected", onElected, COMMAND);
  check("hooks.onResigned", onResigned, COMMAND);
  check("hooks.timeout", timeout, DURATION);
  return { onElected: onElected !== undefined, onResigned: onResigned !== undefined, timeout, ...HOOK_FAILED };
}

/** @throws Failure for a setting that is given, and is not what it must be. */
function check<T extends string | number>(name: string, value: T | undefined, { is, problem }: Need<T>): void {
  if (value !== undefined && !is(value)) throw usageFailure(name, String(value), problem);
}
