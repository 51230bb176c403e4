import t from "tap";
import { systemClock } from "../lib/clock.js";
import { parseEndpoints } from "../lib/endpoints.js";
import { Connection } from "../lib/etcd/connection.js";
import { KeepAlives } from "../lib/etcd/keep-alives.js";
import { startEtcd } from "./helpers/etcd-server.js";
import { startProxy } from "./helpers/tcp-proxy.js";
import { until } from "./helpers/until.js";

const etcd = await startEtcd({ t });
const key = Buffer.from("key");
const TIMEOUT_MS = 2_000;

await t.test("a request that got no answer in time is given up, and the next one is answered", async (t) => {
  const [endpoint = ""] = parseEndpoints(etcd.endpoints, "--endpoints", false);
  const connection = new Connection(endpoint, { dialTimeout: TIMEOUT_MS }, systemClock());
  t.teardown(() => connection.close());
  await connection.call(TIMEOUT_MS, (raw, options) => raw.kv.range({ key }, options));
  await etcd.member.freeze();
  const asked: Promise<unknown>[] = [];
  await t.rejects(
    connection.call(100, (raw, options) => {
      const answer = raw.kv.range({ key }, options);
      asked.push(answer);
      return answer;
    }),
    { code: "unreachable", message: /no answer$/ },
  );
  // While etcd is still silent: grpc holds nothing of it.
  await t.rejects(Promise.all(asked), /given up/);
  t.equal(asked.length, 1);
  await etcd.member.thaw();
  t.ok(await connection.call(TIMEOUT_MS, (raw, options) => raw.kv.range({ key }, options)));
});

await t.test(
  "a keepalive whose connection somebody else gives up had no answer, which says nothing of who is there",
  async (t) => {
    const proxy = await startProxy(etcd.member.clientPort, { t });
    proxy.swallow("down");
    const [endpoint = ""] = parseEndpoints(proxy.url, "--endpoints", false);
    const clock = systemClock();
    // Nothing is being opened any more as soon as it is asked.
    const connection = new Connection(endpoint, { dialTimeout: 0 }, clock);
    t.teardown(() => connection.close());
    const keepAlives = new KeepAlives("1", clock);
    t.teardown(() => keepAlives.cancel());
    const renewal = keepAlives.renew(connection, 60_000);
    const failed = t.rejects(renewal, { code: "unreachable", message: /no answer$/ });
    await until("a connection", () => proxy.connections > 0);
    connection.fail(clock.now());
    await failed;
  },
);
