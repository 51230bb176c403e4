import t, { type Test } from "tap";
import type { Campaign, Election, SharedEtcd } from "../../lib/index.js";
import { shareEtcd } from "../../lib/index.js";
import { startEtcd } from "../helpers/etcd-server.js";
import { EtcdCounts } from "../helpers/etcd-metrics.js";
import { until } from "../helpers/until.js";

// Many candidates in one process. What etcd itself has counted is the witness: it knows nothing of what we meant to do.

const CANDIDATES = 50;
/** A machine that is very busy must not cost anybody its place. */
const TTL = 60_000;
const WAIT = { timeoutMs: 60_000 };

const etcd = await startEtcd({ t });
const counts = (): Promise<EtcdCounts> => EtcdCounts.of(etcd.endpoints);

/** One who stands in an election, and what it has logged. */
class Candidate {
  readonly events: string[] = [];
  readonly campaign: Campaign;
  readonly #election: Election;

  constructor(shared: SharedEtcd, name: string) {
    this.#election = shared.openElection({ name, ttl: TTL }, (_level, event) => void this.events.push(event));
    this.campaign = this.#election.campaign();
    this.campaign.elected.catch(() => {}); // when it withdraws
  }

  /** How often it has found somebody before it. */
  get places(): number {
    return this.events.filter((event) => event === "standby").length;
  }

  get leads(): boolean {
    return this.events.includes("elected");
  }

  async leave(): Promise<void> {
    await this.campaign.withdraw(10_000);
    this.#election.close();
  }
}

/** A queue in the order in which they came: the first one leads, each other one watches the one before it. */
async function queueOf(t: Test, name: string, length: number): Promise<Candidate[]> {
  const shared = shareEtcd({ endpoints: etcd.endpoints });
  const queue: Candidate[] = [];
  t.teardown(() => Promise.all(queue.map((each) => each.leave())));
  for (let place = 0; place < length; place++) {
    const candidate = new Candidate(shared, name);
    queue.push(candidate);
    await candidate.campaign.queued;
  }
  await until("a leader", () => queue[0]?.leads, WAIT);
  await until("all others to have their place", () => queue.slice(1).every(({ places }) => places === 1), WAIT);
  // Each watches its own key and the one before it, the leader its own and requests to step down.
  await until("their watches", async () => (await watches()) === 2 * length, WAIT);
  return queue;
}

async function watches(): Promise<number> {
  return (await counts()).sum("etcd_debugging_mvcc_watcher_total");
}

await t.test("a hand-over wakes one candidate, however many there are", async (t) => {
  const queue = await queueOf(t, "hand-over", CANDIDATES);
  const before = await counts();
  const hands = 20;
  for (let hand = 0; hand < hands; hand++) {
    await queue[hand]?.leave();
    await queue[hand + 1]?.campaign.elected;
  }
  await until("the watches of those who are left", async () => (await watches()) === 2 * (CANDIDATES - hands), WAIT);
  const after = await counts();
  const events = after.events - before.events;
  // The one that leaves has stopped watching its own key, but etcd need not know that yet.
  t.ok(events >= hands && events <= 2 * hands, `${events} events were sent to watchers in ${hands} hand-overs`);
  t.same(
    queue.map(({ leads }) => leads),
    queue.map((_, place) => place <= hands),
    "one led after the other",
  );
  t.ok(
    queue.every(({ places }) => places <= 1),
    "nobody else had to look for its place again",
  );
});

await t.test("one that leaves the middle of the queue wakes the one behind it, and nobody leads", async (t) => {
  const queue = await queueOf(t, "middle", CANDIDATES);
  const before = await counts();
  const leavers = [10, 20, 30, 40];
  for (const place of leavers) {
    await queue[place]?.leave();
    await until("the one behind it to move up", () => queue[place + 1]?.places === 2, WAIT);
  }
  await until("the watches of those who are left", async () => (await watches()) === 2 * (queue.length - 4), WAIT);
  const events = (await counts()).events - before.events;
  t.ok(events >= 4 && events <= 8, `${events} events were sent to watchers`);
  const movers = queue.flatMap(({ places }, place) => (places === 2 ? [place] : []));
  t.same(
    movers,
    leavers.map((place) => place + 1),
    "one for each",
  );
  t.equal(queue.filter(({ leads }) => leads).length, 1);
});

await t.test("a crowd shares a few connections, and the last to leave closes them", async (t) => {
  const open = async (): Promise<number> => (await counts()).sum("process_open_fds");
  const before = await open();
  const queue = await queueOf(t, "shared", CANDIDATES);
  const connections = (await open()) - before;
  t.ok(connections <= 4, `${CANDIDATES} candidates, ${connections} more descriptors of etcd's`);
  await Promise.all(queue.map((each) => each.leave()));
  await until("etcd to have no more than before", async () => (await open()) <= before, WAIT);
});
