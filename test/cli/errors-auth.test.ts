import { writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { enableAuth } from "../helpers/etcd-auth.js";
import { startEtcd } from "../helpers/etcd-server.js";
import { runToEnd, startWrapper } from "../helpers/wrapper.js";
import { stand } from "./standing.js";

const password = "s:cret, indeed";
await t.test("an etcd with users", async (t) => {
  const cluster = await startEtcd({ t, authTokenTtl: 2 });
  const { endpoints } = cluster;

  await t.test("a user is no harm where etcd knows no users", async (t) => {
    await stand(t, { endpoints, user: { name: "nobody", password: "none" } }).campaign.elected;
  });

  await enableAuth(cluster, { rootPassword: "for root", user: "candidate", password, prefix: "jobs/" });

  await t.test("the right user serves a whole life, also when its token runs out", async (t) => {
    const args = ["-n", "jobs", "--ttl", "2", "-vv", ...cluster.flags, "--user", `candidate:${password}`];
    const wrapper = startWrapper([...args, "sleep", "300"], { t });
    const started = await wrapper.event("started");
    const late = ({ seenAt }: { seenAt: number }) => seenAt > started.seenAt + 2_500; // simple tokens live two seconds
    await wrapper.event("renewed", { where: late });
    wrapper.kill("SIGTERM");
    t.match(await wrapper.exitedWithin(), { code: 143 });
    t.match(await wrapper.event("resigned"), { level: "info", acknowledged: true });
    t.same(
      wrapper.events.filter(({ level }) => level === "warn" || level === "error"),
      [],
    );
    t.notMatch(wrapper.stderr, password);
  });

  await t.test("status 77 at once for a wrong password and for an unknown user", async (t) => {
    for (const user of [
      { name: "candidate", password: "wrong" },
      { name: "nobody", password },
      { name: "candidate", password: "" },
    ]) {
      t.match(await stand(t, { endpoints, user }).failure(), {
        code: "refused",
        status: 77,
        message: `etcd at ${endpoints} refuses us: wrong user or password (--user)`,
      });
    }
  });

  await t.test("status 77 at once without a user", async (t) => {
    t.match(await stand(t, { endpoints }).failure(), {
      code: "refused",
      status: 77,
      message: `etcd at ${endpoints} refuses us: it asks for a user (--user)`,
    });
  });

  await t.test("status 77 at once for keys that the user may not write, and nothing is left there", async (t) => {
    const user = { name: "candidate", password };
    t.match(await stand(t, { name: "other", endpoints, user }).failure(), {
      code: "refused",
      status: 77,
      message: /refuses us: permission denied: the user needs read and write on the election's keys, to ask only read$/,
    });
    t.equal((await cluster.etcdctl("get", "--prefix", "other")).stdout, "");
  });

  await t.test("the program says so in one line, does not start the command, and exits with 77", async (t) => {
    const ended = await runToEnd(["-n", "jobs", ...cluster.flags, "--user", "candidate:wrong", "--", "echo", "never"]);
    t.match(ended, { code: 77, stdout: "" });
    t.match(ended.events, [{ event: "starting" }, { event: "failed", error: /wrong user/ }, { event: "exiting" }]);
    t.equal(ended.events.length, 3);
  });

  await t.test("the password is in no log line, no message, no argument and no variable of the command", async (t) => {
    const file = join(t.testdir(), "password");
    writeFileSync(file, `${password}\n`);
    const flags = ["-n", "jobs", "-vv", ...cluster.flags];
    const show = ["sh", "-c", "tr '\\0' '\\n' </proc/self/cmdline; tr '\\0' '\\n' </proc/self/environ; env"];
    const [inline, variable, fromFile, theirs] = await Promise.all([
      runToEnd([...flags, "--user", `candidate:${password}`, "--", ...show]),
      runToEnd([...flags, "--", ...show], { env: { WHILE_LEADER_USER: `candidate:${password}` } }),
      runToEnd([...flags, "--user", "candidate", "--", ...show], { env: { WHILE_LEADER_PASSWORD_FILE: file } }),
      runToEnd([...flags, "--", ...show], { env: { ETCDCTL_USER: `candidate:${password}` } }),
    ]);
    for (const { code, stdout, stderr } of [inline, variable, fromFile]) {
      t.equal(code, 0);
      t.match(stdout, /^WHILE_LEADER_REVISION=\d+$/m);
      t.notOk(`${stdout}${stderr}`.includes(password));
      t.notMatch(stdout, /^WHILE_LEADER_(USER|PASSWORD_FILE)=/m);
    }
    t.match(theirs?.stdout, `ETCDCTL_USER=candidate:${password}\n`, "ETCDCTL_* is the user's own and stays");
    t.notOk(theirs?.stderr.includes(password));
  });
});
