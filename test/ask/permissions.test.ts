import t from "tap";
import { enableAuth } from "../helpers/etcd-auth.js";
import { startEtcd, type EtcdCluster } from "../helpers/etcd-server.js";
import { Stage } from "../integration/stage.js";
import { standing, told, toldBy, watchFields, who, whoFields } from "./asking.js";

const password = "only looks";
const reader = ["--user", `reader:${password}`];

await t.test("an etcd with users", async (t) => {
  const etcd = await startEtcd({ t, authTokenTtl: 2 });
  for (const step of [
    ["user", "add", `reader:${password}`],
    ["role", "add", "reads"],
    ["role", "grant-permission", "--prefix", "reads", "read", "jobs/"],
    ["user", "grant-role", "reader", "reads"],
    ["user", "add", "nobody:nothing"],
  ])
    await done(etcd, ...step);
  await enableAuth(etcd, { rootPassword: "root", user: "worker", password: "works", prefix: "jobs/" });
  const stage = new Stage(t, etcd, { election: "jobs" });
  const work = ["--user", "worker:works"];
  const a = await stage.leader("a", { args: work });

  await t.test("permission to read the election's keys is enough for --who", async (t) => {
    t.match(await who(etcd, "jobs", ...reader), { code: 0, stdout: /^leader {4}a$[^]* of 10s left$/m, stderr: "" });
    t.match(await whoFields(etcd, "jobs", ...reader), { leader: { identity: "a", ttl: 10_000 } });
  });

  await t.test("and for --watch, also when its token runs out", async (t) => {
    const watcher = watchFields(t, etcd, "jobs", ...reader);
    await told(watcher, ({ leader }) => leader?.identity === "a");
    // Simple tokens live two seconds here.
    const since = performance.now();
    await a.event("renewed", { where: ({ seenAt }) => seenAt > since + 2_500 });
    await stage.standby("b", { args: work });
    await told(watcher, ({ queue }) => queue.length === 1);
    t.same(toldBy(watcher).map(standing), ["a", "a b"]);
    t.same(watcher.events, []);
  });

  await t.test("without it: status 77, and what is missing", async (t) => {
    for (const [election, ...args] of [
      ["other", ...reader],
      ["jobs", "--user", "nobody:nothing"],
    ] as const) {
      const { code, stdout, events } = await who(etcd, election, ...args);
      t.same({ code, stdout }, { code: 77, stdout: "" });
      t.match(events, [{ event: "failed", error: /permission denied: the user needs .*, to ask only read$/ }]);
    }
    t.match(await who(etcd, "jobs"), { code: 77, events: [{ error: /asks for a user/ }] });
  });

  await t.test("when it is taken away, --watch ends with status 77", async (t) => {
    const watcher = watchFields(t, etcd, "jobs", ...reader);
    await told(watcher, ({ leader }) => leader?.identity === "a");
    await done(etcd, "user", "revoke-role", "reader", "reads");
    await stage.standby("c", { args: work });
    t.match(await watcher.exitedWithin(), { code: 77 });
  });
});

async function done(etcd: EtcdCluster, ...step: string[]): Promise<void> {
  const { code, stderr } = await etcd.etcdctl(...step);
  if (code !== 0) throw new Error(`etcdctl ${step.slice(0, 2).join(" ")}: ${stderr}`);
}
