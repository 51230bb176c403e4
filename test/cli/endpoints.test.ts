import { networkInterfaces } from "node:os";
import t from "tap";
import { startEtcd } from "../helpers/etcd-server.js";
import { runToEnd } from "../helpers/wrapper.js";
import { listen, relayTo } from "./relay.js";
import { stand } from "./standing.js";

await t.test("an etcd can be named in every form", async (t) => {
  const cluster = await startEtcd({ t });
  const { clientPort: port } = cluster.member;
  const forms = [
    `127.0.0.1:${port}`,
    `http://127.0.0.1:${port}/`,
    `localhost:${port}`,
    ` 127.0.0.1:${port} , http://localhost:${port}`,
    `127.0.0.1:${port},127.0.0.1:${port}`,
  ];
  for (const [index, endpoints] of forms.entries()) {
    const { key } = await stand(t, { name: `form-${index}`, endpoints }).campaign.elected;
    t.match((await cluster.etcdctl("get", "--keys-only", key)).stdout, key, endpoints);
  }

  const addresses = Object.values(networkInterfaces()).flat();
  const six = { skip: addresses.some((one) => one?.address === "::1") ? false : "this host has no IPv6" };

  await t.test("by its IPv6 address too", six, async (t) => {
    const endpoints = await listen(t, relayTo(port), "::1");
    t.match(endpoints, /^\[::1\]:\d+$/);
    await stand(t, { name: "six", endpoints }).campaign.elected;
  });

  await t.test("on the command line, and in WHILE_LEADER_ENDPOINTS and ETCDCTL_ENDPOINTS", async (t) => {
    const show = ["sh", "-c", "echo $ETCDCTL_ENDPOINTS"];
    const [flag, ours, theirs] = await Promise.all([
      runToEnd(["-n", "a", "--endpoints", `127.0.0.1:${port}`, ...show], { env: { ETCDCTL_ENDPOINTS: "127.0.0.1:1" } }),
      runToEnd(["-n", "b", ...show], {
        env: { WHILE_LEADER_ENDPOINTS: `127.0.0.1:${port}`, ETCDCTL_ENDPOINTS: "x:1" },
      }),
      runToEnd(["-n", "c", ...show], { env: { ETCDCTL_ENDPOINTS: `127.0.0.1:${port}` } }),
    ]);
    t.match(flag, { code: 0, stdout: "127.0.0.1:1\n" });
    t.match(ours, { code: 0, stdout: "x:1\n" });
    t.match(theirs, { code: 0, stdout: `127.0.0.1:${port}\n` });
  });
});
