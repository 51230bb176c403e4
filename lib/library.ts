import { hostname } from "node:os";
import { NEVER } from "./abort.js";
import { systemClock } from "./clock.js";
import type { ElectionConfig } from "./config.js";
import { DEFAULTS } from "./defaults.js";
import type { Milliseconds } from "./duration.js";
import type { Election, HeldLease } from "./election.js";
import { electionName } from "./election-name.js";
import type { Credentials } from "./endpoints.js";
import { parseEndpoints } from "./endpoints.js";
import { EtcdClient } from "./etcd/client.js";
import type { Candidacy } from "./etcd/election.js";
import { etcdElection } from "./etcd/election.js";
import { randomLeaseId } from "./etcd/lease-id.js";
import { Lease } from "./etcd/lease.js";
import { ClientPool } from "./etcd/pool.js";
import { usageFailure } from "./failure.js";
import { Inbox } from "./inbox.js";
import type { Init } from "./init.js";
import type { Log, LogOptions } from "./log.js";
import { run } from "./run.js";
import type { Signal } from "./signals.js";
import type { Happening } from "./states.js";
import { impossible, timingOf } from "./timing.js";

/** Where etcd is and who we are there. Durations are milliseconds; what is left out is as on the command line. */
export interface EtcdSettings extends Credentials {
  /** As `--endpoints`: comma-separated. */
  readonly endpoints?: string;
  readonly dialTimeout?: Milliseconds;
  readonly commandTimeout?: Milliseconds;
}

/** A lease's times, in milliseconds; `clockDrift` is a fraction. */
export interface LeaseSettings {
  readonly ttl?: Milliseconds;
  readonly lostGrace?: Milliseconds;
  readonly killMargin?: Milliseconds;
  readonly clockDrift?: number;
}

/** What to stand for, and as whom. */
export interface CandidacySettings extends LeaseSettings {
  /** The key prefix, as in `etcdctl elect NAME`. */
  readonly name: string;
  /** The value of our key. Default: the host name. */
  readonly identity?: string;
  /** Fail at once if somebody else leads. */
  readonly once?: boolean;
}

/** The election to take part in. */
export interface ElectionSettings extends EtcdSettings, CandidacySettings {}

/** What to run, and under which rules. */
export interface SuperviseSettings {
  readonly command: readonly [string, ...string[]];
  /** Left out, the command runs at once and without etcd. */
  readonly election?: ElectionSettings;
  /** The command's environment, to which ours is added. Default: `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** From the stop signal to SIGKILL. */
  readonly killAfter?: Milliseconds;
  /** What the command is sent to stop. Default: SIGTERM. */
  readonly stopWith?: Signal;
  readonly onLost?: "rejoin" | "exit";
  /** Give up with status 75 (69 if etcd was never reached) when not elected within it. */
  readonly wait?: Milliseconds;
  /** Have another process end the command if this one is killed or stuck. Default: with an election. */
  readonly guard?: boolean;
  /** Stops the command as SIGTERM stops `while-leader`. */
  readonly signal?: AbortSignal;
  /** Default: silence. */
  readonly log?: Log;
}

const SILENCE: Log = () => {};
/** What the guard has to say once this process is gone. */
const GUARD_LOG: LogOptions = { format: "text", level: "error" };
/** The orphans and the terminal are the whole program's business. */
const NO_INIT: Init = { adopted: () => false, children: () => null, open: async () => {}, release: () => {} };

/**
 * Runs a command while this process leads, as the program `while-leader` does: stops it when leadership ends, resigns when it has
 * ended. Catches no signals of this process and never exits it.
 *
 * @returns the exit status that `while-leader` would have.
 * @throws Failure with code `usage` for settings that cannot be kept.
 */
export async function superviseWhileLeading(settings: SuperviseSettings): Promise<number> {
  const { command, election, env = process.env, log = SILENCE, signal = NEVER } = settings;
  const { guard = election !== undefined } = settings;
  const { killAfter = DEFAULTS.killAfter, onLost = DEFAULTS.onLost, stopWith, wait } = settings;
  for (const [name, duration] of Object.entries({ killAfter, wait: wait ?? 0 }))
    if (!(duration >= 0 && Number.isFinite(duration)))
      throw usageFailure(name, String(duration), "not a time of zero or more");
  if (!command[0]) throw usageFailure("command", undefined, "no command given");
  const inbox = new Inbox<Happening>();
  const stop = (): void => inbox.put({ type: "signal", signal: "SIGTERM" });
  if (signal.aborted) stop();
  signal.addEventListener("abort", stop, { once: true });
  const config = {
    command,
    group: false,
    guard,
    log: GUARD_LOG,
    rules: { stopOn: new Set<Signal>(["SIGTERM"]), stopWith, killAfter, onLost, wait },
    ...(election && { election: electionConfig(election) }),
  };
  try {
    return await run(config, { env, inbox, descriptors: [], init: NO_INIT, clock: systemClock(), log });
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/**
 * Opens an election to stand for by hand. Whoever wins must itself keep to the term's times: be asked to end at `termAt`, be gone by
 * `killAt`, and only then withdraw.
 *
 * @throws Failure with code `usage` for settings that cannot be kept.
 */
export function openElection(settings: ElectionSettings, log: Log = SILENCE): Election {
  return shareEtcd(settings, log).openElection(settings, log);
}

/** An etcd whose connections are shared. */
export interface SharedEtcd {
  /** As `openElection`. The last election that is closed closes a connection. */
  openElection(settings: CandidacySettings, log?: Log): Election;
}

/**
 * For a program that stands in many elections: a connection for each would cost it more than all the rest. Up to 25 share one, each
 * with a lease and deadlines of its own.
 *
 * @param log of the connections themselves.
 * @throws Failure with code `usage` for settings that cannot be kept.
 */
export function shareEtcd(settings: EtcdSettings = {}, log: Log = SILENCE): SharedEtcd {
  const options = etcdOptions(settings);
  const clock = systemClock();
  const pool = new ClientPool(() => new EtcdClient(options, { clock, log }));
  return {
    openElection(candidacy, candidateLog = SILENCE) {
      const chosen = candidacyOf(candidacy);
      const { client, giveBack } = pool.take();
      return etcdElection(chosen, { client, clock, log: candidateLog, newLeaseId: randomLeaseId }, giveBack);
    },
  };
}

/** A lease and the connection it is renewed on. */
export interface OpenLease {
  readonly lease: HeldLease;
  /** Ends the connection; revoke the lease before, or it runs out by itself. */
  close(): void;
}

/**
 * Takes a lease that is renewed until it is lost or revoked. For as long as it takes, or until the signal is aborted.
 *
 * @throws Failure if etcd refuses, or the settings cannot be kept.
 */
export async function grantLease(
  settings: EtcdSettings & LeaseSettings = {},
  { signal = NEVER, log = SILENCE }: { readonly signal?: AbortSignal; readonly log?: Log } = {},
): Promise<OpenLease> {
  const clock = systemClock();
  const client = new EtcdClient(etcdOptions(settings), { clock, log });
  try {
    const lease = await Lease.grant({ client, clock, log, newLeaseId: randomLeaseId }, timing(settings), signal);
    const close = (): void => {
      lease.release();
      client.close();
    };
    lease.bind("answer");
    await lease.confirm(signal).catch((error: unknown) => {
      close();
      throw error;
    });
    return { lease, close };
  } catch (error) {
    client.close();
    throw error;
  }
}

function electionConfig(settings: ElectionSettings): ElectionConfig {
  return { ...candidacyOf(settings), etcd: etcdOptions(settings) };
}

function candidacyOf({ name, identity = hostname(), once = false, ...lease }: CandidacySettings): Candidacy {
  return { name: electionName(name, "name"), identity, once, timing: timing(lease) };
}

function timing({ ttl = DEFAULTS.ttl, lostGrace, killMargin, clockDrift = DEFAULTS.clockDrift }: LeaseSettings) {
  const chosen = { ttl, lostGrace, killMargin, clockDrift };
  const problem = impossible(timingOf(chosen));
  if (problem !== undefined) throw usageFailure("ttl", undefined, problem);
  return chosen;
}

function etcdOptions({ endpoints = DEFAULTS.endpoints, tls, user, dialTimeout, commandTimeout }: EtcdSettings) {
  return {
    endpoints: parseEndpoints(endpoints, "endpoints", tls !== undefined),
    ...(tls && { tls }),
    ...(user && { user }),
    dialTimeout: dialTimeout ?? DEFAULTS.dialTimeout,
    commandTimeout: commandTimeout ?? DEFAULTS.commandTimeout,
  };
}
