import t, { type Test } from "tap";
import { readFileSync } from "node:fs";
import { startEtcd, type EtcdCluster } from "../helpers/etcd-server.js";
import { fixture } from "../helpers/paths.js";
import { runToEnd, startWrapper } from "../helpers/wrapper.js";
import { listen, relayTo } from "./relay.js";
import { stand } from "./standing.js";

const pem = (name: string) => readFileSync(fixture(`${name}.pem`));
const ca = pem("tls/ca");
const client = (name: string) => ({ ca, cert: pem(`tls-clients/${name}`), key: pem(`tls-clients/${name}-key`) });

/** An address at which the certificate does not know the server. */
async function elsewhere(t: Test, { member }: EtcdCluster): Promise<string> {
  return `https://${await listen(t, relayTo(member.clientPort), "127.0.0.2")}`;
}

/** Elected, renewed, resigned: the log of one whole life as leader. */
async function wholeLife(t: Test, cluster: EtcdCluster, ...args: string[]) {
  const wrapper = startWrapper(["-n", "jobs", "--ttl", "2", "-vv", ...cluster.flags, ...args, "sleep", "300"], { t });
  await wrapper.event("started");
  const first = await wrapper.event("renewed", { after: await wrapper.event("started") });
  await wrapper.event("renewed", { after: first });
  wrapper.kill("SIGTERM");
  t.match(await wrapper.exitedWithin(), { code: 143 });
  t.match(await wrapper.event("resigned"), { level: "info", acknowledged: true });
  t.same(
    wrapper.events.filter(({ level }) => level === "warn" || level === "error"),
    [],
  );
}

await t.test("TLS where the server alone has a certificate", async (t) => {
  const cluster = await startEtcd({ t, tls: "server" });
  const endpoints = cluster.endpoints;

  await t.test("serves a whole life", (t) => wholeLife(t, cluster));

  await t.test("status 77 at once when the certificate is not signed by the CA", async (t) => {
    t.match(await stand(t, { endpoints, tls: { ca: pem("tls/other-ca") } }).failure(), {
      code: "untrusted",
      status: 77,
      message: `cannot trust etcd at ${endpoints}: its certificate is not signed by a known CA (--cacert)`,
    });
    t.match(await stand(t, { endpoints }).failure(), { code: "untrusted", message: /known CA \(--cacert\)$/ });
  });

  await t.test("status 77 at once when the certificate is for another host", async (t) => {
    const other = await elsewhere(t, cluster);
    t.match(await stand(t, { endpoints: other, tls: { ca } }).failure(), {
      code: "untrusted",
      status: 77,
      message: `cannot trust etcd at ${other}: its certificate is for another host`,
    });
  });

  await t.test("one endpoint that can be trusted is enough", async (t) => {
    const other = await elsewhere(t, cluster);
    const standing = stand(t, {
      endpoints: `${other},${other.replace("127.0.0.2", "localhost")},${endpoints}`,
      tls: { ca },
    });
    await standing.campaign.elected;
  });

  await t.test("http to it is told to be no etcd, and that it may want TLS", async (t) => {
    const plain = endpoints.replace("https", "http");
    t.match(await stand(t, { endpoints: plain }).line("unreachable"), {
      error: new RegExp(`^${plain} is not etcd: .*https://`),
    });
  });

  await t.test("a name in the certificate is as good as the address", async (t) => {
    await stand(t, { endpoints: endpoints.replace("127.0.0.1", "localhost"), tls: { ca } }).campaign.elected;
  });

  await t.test("the program says so in one line, does not start the command, and exits with 77", async (t) => {
    const flags = ["-n", "jobs", "--endpoints", endpoints, "--cacert", fixture("tls/other-ca.pem")];
    const ended = await runToEnd([...flags, "--", "echo", "never"]);
    t.match(ended, { code: 77, stdout: "" });
    t.match(ended.events, [
      { event: "starting" },
      { event: "failed", error: /^cannot trust etcd/ },
      { event: "exiting" },
    ]);
    t.equal(ended.events.length, 3);
  });
});

await t.test("TLS where both sides have a certificate", async (t) => {
  const args = [`--trusted-ca-file=${fixture("tls-clients/cas.pem")}`];
  const cluster = await startEtcd({ t, tls: "mutual", args });
  const { endpoints } = cluster;

  await t.test("serves a whole life", (t) => wholeLife(t, cluster));

  await t.test("status 77 at once without a certificate, or with one that the server does not know", async (t) => {
    for (const tls of [{ ca }, client("unknown"), client("expired")]) {
      t.match(await stand(t, { endpoints, tls }).failure(), {
        code: "refused",
        status: 77,
        message: `etcd at ${endpoints} refuses us: it asks for a certificate that it trusts (--cert, --key)`,
      });
    }
  });
});

await t.test("https to a server without TLS is told so", async (t) => {
  const cluster = await startEtcd({ t });
  const { error } = await stand(t, { endpoints: cluster.endpoints.replace("http", "https") }).line("unreachable");
  t.match(error, /^[^\n]*https:[^\n]* speak TLS[^\n]*$/);
});
