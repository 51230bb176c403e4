import { readFileSync } from "node:fs";
import t from "tap";
import { systemClock } from "../../lib/clock.js";
import { field, textIn } from "../../lib/guard/unary.js";
import { revoke } from "../../lib/guard/revoke.js";
import { enableAuth } from "../helpers/etcd-auth.js";
import { startEtcd, type EtcdCluster, type EtcdOptions } from "../helpers/etcd-server.js";
import { fixture } from "../helpers/paths.js";
import { startProxy } from "../helpers/tcp-proxy.js";
import { until } from "../helpers/until.js";
import { startWrapper } from "../helpers/wrapper.js";
import { argumentsOf, environmentOf, guardOf } from "./guard-of.js";

const clock = systemClock();
const LIMIT = 5_000;
const AT_ONCE = { timeoutMs: 5_000 };
/** Under the refusal of a connection: nobody listens there. */
const NOBODY = "http://127.0.0.1:9";

t.jobs = 2;

void t.test("a lease is revoked wherever one endpoint answers, and an unknown one counts as revoked", async (t) => {
  const etcd = await startEtcd({ t });
  const silent = await startProxy(etcd.member.clientPort, { t });
  silent.swallow();
  const [first, second] = [await grant(etcd), await grant(etcd)];
  t.ok(await revoke({ endpoints: [NOBODY, silent.url, etcd.member.clientUrl] }, [first, second], clock, LIMIT));
  t.same(await leases(etcd), []);
  t.ok(await revoke({ endpoints: [etcd.member.clientUrl] }, [first], clock, LIMIT), "again");
});

void t.test("when nobody answers there is an end all the same; who comes back in time is asked again", async (t) => {
  const etcd = await startEtcd({ t });
  const lease = await grant(etcd);
  const access = { endpoints: [etcd.member.clientUrl, NOBODY] };
  await etcd.member.freeze();
  t.notOk(await revoke(access, [lease], clock, 300));
  await etcd.member.kill();
  const revoked = revoke(access, [lease], clock, 20_000);
  await etcd.member.restart();
  t.ok(await revoked);
  t.same(await leases(etcd), []);
});

for (const [what, options] of Object.entries<EtcdOptions>({
  "over TLS": { tls: "server" },
  "with a client certificate": { tls: "mutual" },
  "with a user": {},
})) {
  void t.test(`${what}: the guard of a killed wrapper revokes its lease, and shows no secret`, async (t) => {
    const etcd = await startEtcd({ t, ...options });
    const password = "s3cr3t: indeed";
    const login = what === "with a user";
    if (login) await enableAuth(etcd, { rootPassword: "root", user: "candidate", password, prefix: "jobs/" });
    const env = login ? { ETCDCTL_PASSWORD: password, WHILE_LEADER_USER: "candidate" } : {};
    const wrapper = startWrapper(["-n", "jobs", ...etcd.flags, fixture("signals.js")], { t, env });
    await wrapper.stdoutLine("ready");
    const guard = await guardOf(wrapper.pid);
    for (const shown of [argumentsOf(guard), environmentOf(guard)]) {
      t.notOk(shown.includes("s3cr3t"));
      t.notOk(shown.includes("PRIVATE KEY"));
    }
    t.equal((await leases(etcd)).length, 1);
    wrapper.kill("SIGKILL");
    t.match(await wrapper.event("resigned", AT_ONCE), { acknowledged: true });
    t.same(await leases(etcd), []);
    t.notMatch(wrapper.stderr, "s3cr3t");
  });
}

void t.test("an etcd that is not trusted gets no password", async (t) => {
  const etcd = await startEtcd({ t, tls: "server" });
  const lease = await grant(etcd);
  const ca = readFileSync(fixture("tls/other-ca.pem"), "utf8");
  const user = { name: "candidate", password: "secret" };
  t.notOk(await revoke({ endpoints: [etcd.member.clientUrl], tls: { ca }, user }, [lease], clock, 1_000));
  t.equal((await leases(etcd)).length, 1);
});

void t.test("an etcd that is away when the wrapper is killed gets the revocation when it is back", async (t) => {
  const etcd = await startEtcd({ t });
  const wrapper = startWrapper(["-n", "jobs", ...etcd.flags, fixture("signals.js")], { t });
  await wrapper.stdoutLine("ready");
  await etcd.member.freeze();
  wrapper.kill("SIGKILL");
  await until("the end of the command", () => wrapper.descendants().length === 1, AT_ONCE);
  await etcd.member.thaw();
  t.match(await wrapper.event("resigned", AT_ONCE), { acknowledged: true });
  t.same(await leases(etcd), []);
});

void t.test("numbers and texts are written and read as protobuf has them", (t) => {
  t.equal(field(1, 0n).toString("hex"), "0800");
  t.equal(field(1, 300n).toString("hex"), "08ac02");
  t.equal(field(1, 0x7fff_ffff_ffff_ffffn).toString("hex"), "08ffffffffffffffff7f");
  t.equal(field(2, "é").toString("hex"), "1202c3a9");
  const long = "x".repeat(300);
  const message = Buffer.concat([field(1, "header"), field(3, 2n ** 40n), field(2, long), field(4, "after")]);
  t.equal(textIn(message, 2), long);
  t.equal(textIn(message, 4), "after");
  t.equal(textIn(message, 5), "");
  t.equal(textIn(message.subarray(0, 3), 1), "h", "an end that is missing");
  t.end();
});

async function grant(etcd: EtcdCluster): Promise<string> {
  const { stdout } = await etcd.etcdctl("lease", "grant", "60");
  return BigInt(`0x${/lease (\w+) granted/.exec(stdout)?.[1] ?? ""}`).toString();
}

async function leases(etcd: EtcdCluster): Promise<string[]> {
  const { stdout } = await etcd.etcdctl("lease", "list");
  return [...stdout.matchAll(/^([0-9a-f]+)$/gm)].map(([lease]) => lease);
}
