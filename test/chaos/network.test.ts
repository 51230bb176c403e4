import t from "tap";
import { startEtcd } from "../helpers/etcd-server.js";
import { until } from "../helpers/until.js";
import { ClientLinks } from "./network.js";
import { PeerLinks } from "./peer-links.js";

if (process.platform !== "linux") t.plan(0, "needs Linux's /proc");
else {
  const peers = new PeerLinks(t);
  // So short that the ends of terms are soon seen.
  const cluster = await startEtcd({ t, members: 3, peers, electionTimeoutMs: 300 });

  for (const way of ["from", "to"] as const)
    await t.test(
      `when nothing comes ${way} etcd's leader any more, another one leads, and again when all is healed`,
      async (t) => {
        const leader = await cluster.leader();
        const own = cluster.members.indexOf(leader);
        const pairs = [0, 1, 2]
          .filter((one) => one !== own)
          .map((other) => (way === "from" ? [own, other] : [other, own]));
        for (const [from = 0, to = 0] of pairs) peers.silence(from, to, true);
        t.teardown(() => pairs.forEach(([from = 0, to = 0]) => peers.silence(from, to, false)));
        const others = cluster.members.filter((member) => member !== leader);
        await until("another leader", async () =>
          (await Promise.all(others.map((one) => one.isLeader()))).includes(true),
        );
        for (const [from = 0, to = 0] of pairs) peers.silence(from, to, false);
        await until("one mind", async () => {
          const all = await Promise.all(cluster.members.map((member) => member.status()));
          return new Set(all.map((one) => one?.raftTerm)).size === 1 && all.filter((one) => one?.leads).length === 1;
        });
      },
    );

  await t.test("what passes between members can be late", async (t) => {
    const put = async (): Promise<number> => {
      const from = performance.now();
      t.equal(
        (await cluster.etcdctl("put", "key", "value", `--endpoints=${(await cluster.leader()).clientUrl}`)).code,
        0,
      );
      return performance.now() - from;
    };
    const own = cluster.members.indexOf(await cluster.leader());
    const others = [0, 1, 2].filter((one) => one !== own);
    // Less than an election timeout, there and back: the leader stays.
    for (const other of others) t.ok(peers.slow(own, other, 100));
    t.notOk(peers.slow(own, others[0] ?? 0, 50), "one fault at a time");
    t.ok((await put()) >= 200, "a write waits for the others' word");
    for (const other of others) peers.slow(own, other, 0);
  });

  await t.test("a link belongs to one fault at a time, and is whole when that is over", async (t) => {
    const links = await ClientLinks.between(t, cluster, ["a", "b"]);
    const health = async (): Promise<boolean> =>
      (await cluster.etcdctl("endpoint", "health", `--endpoints=${links.endpoints("a")}`, "--command-timeout=1s"))
        .code === 0;
    t.ok(await health());
    t.ok((links.sent.a?.length ?? 0) > 0 && links.sent.b?.length === 0, "what goes over a link is heard");
    const own = links.all.filter(({ candidate }) => candidate === "a");
    const taken = links.take(own.slice(0, 1));
    t.equal(taken.length, 1);
    t.equal(links.take(own).length, 2, "the other two are free");
    taken[0]?.proxy.cut();
    t.notOk(await health());
    links.release(taken);
    t.ok(await health());
  });
}
