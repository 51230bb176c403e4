import t, { type Test } from "tap";
import { systemClock, type Clock } from "../lib/clock.js";
import { parseEndpoints } from "../lib/endpoints.js";
import { EtcdClient } from "../lib/etcd/client.js";
import { KeyWatch } from "../lib/etcd/watch.js";
import { startEtcd } from "./helpers/etcd-server.js";

const etcd = await startEtcd({ t });
const key = Buffer.from("watched");

function watch(t: Test, clock: Clock) {
  const endpoints = parseEndpoints(etcd.endpoints, "--endpoints", false);
  const client = new EtcdClient({ endpoints, dialTimeout: 2_000, commandTimeout: 5_000 }, { clock, log: () => {} });
  t.teardown(() => client.close());
  return { client, watched: new KeyWatch({ client, clock }, key) };
}

await t.test("a watch tells a deletion from all else, also one that came before it", async (t) => {
  const { client, watched } = watch(t, systemClock());
  const never = new AbortController().signal;
  await etcd.etcdctl("put", "watched", "1");
  const { header } = await client.persist((raw, options) => raw.kv.range({ key }, options), never);
  const later = (by: number) => String(Number(header.revision) + by);
  const changed = watched.changed(header.revision, never);
  await etcd.etcdctl("put", "watched", "2");
  t.equal(await changed, "perhaps");
  await etcd.etcdctl("del", "watched");
  t.equal(await watched.changed(later(1), never), "deleted");
  await etcd.etcdctl("put", "watched", "3");
  t.equal(await watched.changed(later(2), never), "perhaps");
});

await t.test("a watch that saw nothing is renewed without a pause", async (t) => {
  const real = systemClock();
  const pauses: number[] = [];
  // Half a minute, the time after which a watch is begun anew, is over at once.
  const hurried: Clock = {
    now: () => real.now(),
    sleep: (duration, signal) => {
      if (duration < 30_000) pauses.push(duration);
      return real.sleep(duration < 30_000 ? duration : 5, signal);
    },
  };
  const { client, watched } = watch(t, hurried);
  const never = new AbortController().signal;
  const { header } = await client.persist((raw, options) => raw.kv.range({ key }, options), never);
  pauses.length = 0; // those of the request
  for (let round = 0; round < 3; round++) t.equal(await watched.changed(header.revision, never), "perhaps");
  t.same(pauses, []);
});
