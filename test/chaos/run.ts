import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Owner } from "../helpers/at-exit.js";
import { findEtcd, requireEtcd, type EtcdBinaries } from "../helpers/etcd-binaries.js";
import { startEtcd } from "../helpers/etcd-server.js";
import { killRow } from "../helpers/processes.js";
import { until } from "../helpers/until.js";
import { Candidate, Litter } from "./candidates.js";
import { monotonic, Stalls } from "./clock.js";
import { commandOf } from "./commands.js";
import { sweepContenders } from "./contender.js";
import { perform } from "./faults.js";
import { readBeats, type History, type Mode, type Remains } from "./history.js";
import { KeyLog } from "./key-log.js";
import { ClientLinks } from "./network.js";
import { PeerLinks } from "./peer-links.js";
import { leadsWithin } from "./run-rules.js";
import { lastBeat, queueOf, type Scene } from "./scene.js";
import type { Schedule } from "./schedule.js";

export interface RunOptions {
  readonly schedule: Schedule;
  readonly mode: Mode;
  /** Takes all that the run writes; must be there. */
  readonly folder: string;
  /** A disk that can be filled; undefined where there is none. */
  readonly smallDisk: string | undefined;
  /** Told what is not as the schedule says. */
  readonly note: (text: string) => void;
}

// Five candidates and three members start at once, beside another seed's, on two cores.
const FIRST_BEAT_WITHIN = 60_000;
/** `--kill-after` is less than a second; a lease that is lost meanwhile only brings the end forward. */
const END_WITHIN = 10_000;
/** etcd looks for leases that have run out every half second; the rest is for a busy machine. */
const LEASE_SLACK = 3_000;

/** Runs one schedule against one cluster and five candidates, ends all of it, and resolves with what was seen. */
export async function run(options: RunOptions): Promise<History> {
  const ends: (() => unknown)[] = [];
  const owner: Owner = { teardown: (end) => ends.unshift(end) };
  try {
    return await play(options, owner);
  } finally {
    for (const end of ends) await end();
  }
}

async function play(options: RunOptions, owner: Owner): Promise<History> {
  const { schedule, mode, folder, smallDisk, note } = options;
  const places = { beats: join(folder, "beats"), logs: join(folder, "logs") };
  mkdirSync(places.logs);
  writeFileSync(places.beats, "");
  const small = smallDisk === undefined ? undefined : { candidate: schedule.smallDisk, folder: smallDisk };
  const litter = new Litter(places.beats);
  owner.teardown(() => sweep(litter));
  const scene = await setUp(options, owner, { small, beats: places.beats });
  const { links, cluster } = scene;
  const command = (name: string) => commandOf(mode, schedule.ttl, scene.election, links.endpoints(name), cluster);
  const candidates = schedule.candidates.map(
    (plan) => new Candidate(plan, command(plan.name), { ...places, small }, litter.marker),
  );
  owner.teardown(() => candidates.forEach((candidate) => candidate.retire()));
  const stage = { ...scene, candidates };

  await until("the first beat", () => lastBeat(scene), { timeoutMs: FIRST_BEAT_WITHIN });
  const stalls = new Stalls();
  owner.teardown(() => stalls.end());
  const swept = new AbortController();
  owner.teardown(() => swept.abort());
  const sweeping = sweepContenders(stage, swept.signal);
  const began = monotonic();
  const [faults] = await Promise.all([perform(stage, schedule.faults, began), pause(schedule.seconds * 1_000)]);
  const healed = monotonic();
  const beating = (): boolean => (lastBeat(scene)?.at ?? 0) > healed;
  await until("a leader", beating, { timeoutMs: leadsWithin(schedule.ttl) }).catch(() => note("nobody leads again"));
  const stopped = monotonic();
  swept.abort();
  await sweeping;
  const stubborn = await stopAll(candidates, mode);
  const remains = await settle(stage, litter, schedule.ttl);
  await scene.keyLog.end();
  return {
    schedule,
    mode,
    began,
    healed,
    stopped,
    beats: readBeats(readFileSync(places.beats, "utf8")),
    instances: candidates.flatMap((candidate) => candidate.history()),
    faults,
    keys: scene.keyLog.events,
    unseen: scene.keyLog.unseen,
    sent: links.sent,
    stalls: stalls.seen,
    remains: { ...remains, processes: [...stubborn, ...remains.processes] },
  };
}

async function setUp(
  { schedule, mode, note }: RunOptions,
  owner: Owner,
  { small, beats }: { small: Scene["smallDisk"]; beats: string },
): Promise<Omit<Scene, "candidates">> {
  const binaries = await etcdOf(schedule, note);
  const peers = new PeerLinks(owner);
  const cluster = await startEtcd({ t: owner, members: 3, binaries, peers });
  const election = `chaos-${schedule.seed}`;
  const links = await ClientLinks.between(
    owner,
    cluster,
    schedule.candidates.map(({ name }) => name),
  );
  const keyLog = new KeyLog(cluster, election, owner);
  owner.teardown(() => keyLog.end());
  return { mode, election, cluster, peers, links, keyLog, beats, smallDisk: small, busyMembers: new Set() };
}

async function etcdOf({ series }: Schedule, note: RunOptions["note"]): Promise<EtcdBinaries> {
  const wanted = await findEtcd(series);
  if (wanted) return wanted;
  const other = await requireEtcd();
  note(`etcd ${series} is not to be had here: ${other.version} in its place`);
  return other;
}

/** Asks every candidate to end, for good. @returns those that had to be killed for it, which only `etcdctl lock` may need. */
async function stopAll(candidates: readonly Candidate[], mode: Mode): Promise<string[]> {
  for (const candidate of candidates) candidate.retire();
  const left = (): string[] => candidates.flatMap(({ running }) => (running ? [running.who] : []));
  for (const candidate of candidates) candidate.signal("SIGTERM");
  const limit = mode === "lock" ? 1_000 : END_WITHIN;
  await until("the candidates to end", () => left().length === 0, { timeoutMs: limit }).catch(() => undefined);
  const stubborn = left();
  for (const candidate of candidates) candidate.signal("SIGKILL");
  await until("the candidates' exit", () => left().length === 0);
  return mode === "lock" ? [] : stubborn.map((who) => `${who} did not end when asked to`);
}

/** Whoever was killed before leaves a lease that runs out; after that, nothing may be left. */
async function settle(scene: Scene, litter: Litter, ttl: number): Promise<Remains> {
  let remains: Remains = { keys: ["etcd does not answer"], leases: [], processes: [] };
  const look = async (): Promise<boolean> => {
    await takeContendersLeases(scene, ttl);
    const leases = await scene.cluster.etcdctl("lease", "list");
    remains = {
      keys: (await queueOf(scene))?.map(({ key, value }) => `${key} of ${value}`) ?? ["etcd does not answer"],
      leases: leasesIn(leases.stdout),
      processes: litter.names(),
    };
    return Object.values(remains).every((all) => all.length === 0);
  };
  const timeoutMs = ttl * 1_000 + LEASE_SLACK;
  await until("all to be gone", look, { timeoutMs, everyMs: 100 }).catch(() => undefined);
  return remains;
}

function leasesIn(list: string): string[] {
  return [...list.matchAll(/^([0-9a-f]{16})$/gm)].map(([, lease = ""]) => lease);
}

/** An `etcdctl elect` that is asked to end before it has a key leaves a lease of a minute: no candidate's is so long. */
async function takeContendersLeases({ cluster }: Scene, ttl: number): Promise<void> {
  const { stdout } = await cluster.etcdctl("lease", "list");
  for (const lease of leasesIn(stdout)) {
    const told = (await cluster.etcdctl("lease", "timetolive", lease)).stdout;
    if (Number(/TTL\((\d+)s\)/.exec(told)?.[1]) > ttl) await cluster.etcdctl("lease", "revoke", lease);
  }
}

/** Kills what is left of a run, also of one that failed, until nothing is. */
async function sweep(litter: Litter): Promise<void> {
  await until("the end of all that was started", () => {
    const rows = litter.rows();
    rows.forEach(killRow);
    return rows.length === 0;
  });
  litter.forget();
}
