import t from "tap";
import { systemClock } from "../lib/clock.js";
import { parseEndpoints } from "../lib/endpoints.js";
import { Connection } from "../lib/etcd/connection.js";
import { startEtcd } from "./helpers/etcd-server.js";

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
