import type { Milliseconds } from "./duration.js";
import { formatDuration } from "./duration.js";

/** What a user can choose; the rest follows from the lease's time to live. */
export interface TimingSettings {
  /** Time to live asked of etcd. */
  readonly ttl: Milliseconds;
  /** From SIGTERM to SIGKILL when leadership is lost. Default: 30 % of the TTL. */
  readonly lostGrace?: Milliseconds | undefined;
  /** SIGKILL at least this long before the lease can run out. Default: 10 % of the TTL, at most 1 s. */
  readonly killMargin?: Milliseconds | undefined;
  /** Bound on the difference in rate between two hosts' clocks, as a fraction (0.01 is 1 %). */
  readonly clockDrift: number;
}

/** All the times that follow from one lease. */
export interface Timing {
  readonly ttl: Milliseconds;
  readonly clockDrift: number;
  readonly lostGrace: Milliseconds;
  readonly killMargin: Milliseconds;
  /** From one renewal to the next (I). */
  readonly renewEvery: Milliseconds;
  /** How long one renewal may wait for its answer (R). */
  readonly renewWait: Milliseconds;
}

/** More often is no safer, and 2 s keep a long lease from being renewed so seldom that a loss goes unnoticed. */
const LONGEST_PERIOD: Milliseconds = 2_000;
/** etcd's own leader election takes 1 to 1.6 s; an answer later than this is better asked for elsewhere. */
const LONGEST_WAIT: Milliseconds = 1_000;
/** SIGKILL and reaping take milliseconds; a second covers a busy host. */
const LONGEST_DEFAULT_MARGIN: Milliseconds = 1_000;
/** A default etcd grants no shorter lease. */
const SHORTEST_TTL: Milliseconds = 2_000;

/**
 * The times that follow from the settings and the TTL that etcd granted.
 *
 * @param ttl what was granted; left out, what is asked for.
 */
export function timingOf(settings: TimingSettings, ttl: Milliseconds = settings.ttl): Timing {
  return {
    ttl,
    clockDrift: settings.clockDrift,
    lostGrace: settings.lostGrace ?? 0.3 * ttl,
    killMargin: settings.killMargin ?? Math.min(0.1 * ttl, LONGEST_DEFAULT_MARGIN),
    renewEvery: Math.min(ttl / 5, LONGEST_PERIOD),
    renewWait: Math.min(ttl / 10, LONGEST_WAIT),
  };
}

/**
 * How long a lease waits for a renewal that keeps it out of step with others: with those that were granted in the same moment, or
 * whose process stood still with its own.
 *
 * @param chance from 0 to 1
 */
export function renewalPhase({ renewEvery }: Timing, chance: number): Milliseconds {
  return renewEvery * chance;
}

/** Until when a renewal sent at `sentAt` keeps the lease alive for certain, by this host's clock. */
export function validityOf(timing: Timing, sentAt: Milliseconds): Milliseconds {
  return sentAt + timing.ttl * (1 - timing.clockDrift);
}

/** When every process of the workload gets SIGKILL, unless the lease is renewed before. */
export function killTime(timing: Timing, validUntil: Milliseconds): Milliseconds {
  return validUntil - timing.killMargin;
}

/** When the workload gets SIGTERM, unless the lease is renewed before. */
export function termTime(timing: Timing, validUntil: Milliseconds): Milliseconds {
  return killTime(timing, validUntil) - timing.lostGrace;
}

/** The guard gives the supervisor this part of the kill margin: who can still act at KILL_AT acts first, and tells why. */
const GUARD_WAITS = 0.1;

/** When the guard kills every process of the workload, unless the lease is renewed before. */
export function guardTime(killAt: Milliseconds, validUntil: Milliseconds): Milliseconds {
  return killAt === Infinity ? Infinity : killAt + GUARD_WAITS * (validUntil - killAt);
}

/** Validity that must be left when the command is started, so that its first renewal may fail once. */
export function startReserve(timing: Timing): Milliseconds {
  return timing.lostGrace + timing.killMargin + timing.renewEvery + timing.renewWait;
}

/** Why these times cannot be kept, with the sum that fails; undefined if they can. */
export function impossible(timing: Timing): string | undefined {
  const { ttl, clockDrift, lostGrace, killMargin, renewEvery, renewWait } = timing;
  if (![ttl, lostGrace, killMargin].every((time) => Number.isFinite(time) && time >= 0))
    return "TTL, lost grace and kill margin must be zero or more";
  if (!(clockDrift >= 0 && clockDrift < 1))
    return `a clock drift of ${clockDrift * 100} % is not from 0 to below 100 %`;
  if (ttl < SHORTEST_TTL) return `a TTL of ${formatDuration(ttl)} is shorter than etcd's least of 2s`;
  if (ttl % 1_000 !== 0) return `a TTL of ${formatDuration(ttl)} is not in whole seconds, as etcd counts`;
  const left = ttl * (1 - clockDrift) - lostGrace - killMargin - renewWait;
  if (left >= 2 * renewEvery) return undefined;
  return (
    `TTL ${formatDuration(ttl)} less ${formatPercent(clockDrift)} clock drift, ${formatDuration(lostGrace)} lost grace, ` +
    `${formatDuration(killMargin)} kill margin and ${formatDuration(renewWait)} for an answer leaves ${formatLeft(left)}, ` +
    `but riding through two failed renewals takes ${formatDuration(2 * renewEvery)}`
  );
}

function formatLeft(left: Milliseconds): string {
  return left < 0 ? `-${formatDuration(-left)}` : formatDuration(left);
}

function formatPercent(fraction: number): string {
  return `${Number((fraction * 100).toFixed(3))} %`;
}
