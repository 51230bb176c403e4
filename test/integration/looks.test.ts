import { setImmediate as eventLoopTurn } from "node:timers/promises";
import t from "tap";
import { systemClock } from "../../lib/clock.js";
import { EtcdClient } from "../../lib/etcd/client.js";
import { etcdElection } from "../../lib/etcd/election.js";
import { randomLeaseId } from "../../lib/etcd/lease-id.js";
import { validityOf, timingOf } from "../../lib/timing.js";
import { deferred } from "../../lib/deferred.js";
import type { Fields } from "../../lib/log.js";
import { startEtcd } from "../helpers/etcd-server.js";

const settings = { ttl: 10_000, clockDrift: 0.01 };
const ROUNDING = 1;

await t.test("a look proves no renewal that was acknowledged after it was asked for", async (t) => {
  const etcd = await startEtcd({ t });
  const clock = systemClock();
  const elected = deferred<Fields>();
  const log = (_level: string, event: string, fields: Fields = {}): void => {
    if (event === "elected") elected.resolve(fields);
  };
  const options = { endpoints: [etcd.endpoints], dialTimeout: 2_000, commandTimeout: 5_000 };
  const client = new EtcdClient(options, { clock, log });

  // The first look comes with the key. Its answer is on the way until a renewal that was not there before has been acknowledged.
  const persist = client.persist.bind(client);
  let [requests, grantedAt] = [0, 0];
  client.persist = async (...args) => {
    const answer = await persist(...args);
    if (++requests === 1) grantedAt = clock.now();
    if (requests === 2) await renewed(client);
    return answer;
  };

  const candidacy = { name: "looks", identity: "a", once: false, timing: settings };
  const election = etcdElection(candidacy, { client, clock, log, newLeaseId: randomLeaseId });
  const campaign = election.campaign();
  t.teardown(async () => {
    await campaign.withdraw(1_000);
    election.close();
  });
  const { left } = await elected.promise;
  const since = clock.now() - grantedAt;
  t.ok(
    Number(left) <= validityOf(timingOf(settings), 0) - since + ROUNDING,
    `${Number(left)} ms, ${since} ms after the grant`,
  );
});

/** Resolves when the next renewal has been acknowledged. */
async function renewed({ current }: EtcdClient): Promise<void> {
  const heard = current.heard.bind(current);
  const renewal = deferred<void>();
  current.heard = (answer) => {
    heard(answer);
    if ("TTL" in answer) renewal.resolve();
  };
  await renewal.promise;
  await eventLoopTurn();
}
