import { setTimeout as pause } from "node:timers/promises";
import type { Member } from "../../test/helpers/etcd-member.js";
import { EtcdCounts } from "../../test/helpers/etcd-metrics.js";
import type { Crowd } from "./crowd.js";

// Short enough for a lease of 10 s that is renewed again within what it then has left.
const AWAY = 3_000; // ms
const AFTER = 10_000; // ms
const STEP = 100; // ms

/** What happens to etcd, and ends again. */
export interface Outage {
  readonly name: string;
  readonly run: (member: Member) => Promise<void>;
}

export const OUTAGES: readonly Outage[] = [
  {
    name: "etcd killed, restarted 3 s later",
    async run(member) {
      await member.kill();
      await pause(AWAY);
      await member.start();
    },
  },
  {
    name: "etcd frozen for 3 s",
    async run(member) {
      await member.freeze();
      await pause(AWAY);
      await member.thaw();
    },
  },
];

/** How a crowd came back. */
export interface Return {
  readonly name: string;
  /** From etcd's return until every candidate renews and watches again, in ms; Infinity if not within the time. */
  readonly took: number;
  /** Requests and streams begun within ten seconds. */
  readonly begun: number;
  /** The most of them within a tenth of a second. */
  readonly peak: number;
  /** Places in the queue that were lost. */
  readonly lost: number;
  /** Terms that were lost. */
  readonly terms: number;
}

/** Each candidate has a stream of keepalives and two watches. */
export async function outage({ name, run }: Outage, member: Member, crowd: Crowd): Promise<Return> {
  crowd.forgetTold();
  const candidates = crowd.size;
  const before = (await EtcdCounts.of(member.clientUrl)).begun();
  await run(member);
  const from = performance.now();
  const first = (await EtcdCounts.of(member.clientUrl)).begun();
  // A new process counts from zero.
  const base = first < before ? 0 : before;
  let [last, lastAt, peak, took] = [first, from, first - base, Infinity];
  while (performance.now() - from < AFTER) {
    await pause(STEP);
    const counts = await EtcdCounts.of(member.clientUrl);
    const [at, begun] = [performance.now(), counts.begun()];
    peak = Math.max(peak, ((begun - last) / (at - lastAt)) * STEP);
    [last, lastAt] = [begun, at];
    const back = counts.open("LeaseKeepAlive") >= candidates && counts.open("Watch") >= 2 * candidates;
    if (back && took === Infinity) took = at - from;
    if (!back) took = Infinity;
  }
  return { name, took, begun: last - base, peak, lost: crowd.count("rejoining"), terms: crowd.count("lost") };
}
