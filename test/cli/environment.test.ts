import t from "tap";
import { hostname } from "node:os";
import { startEtcd } from "../helpers/etcd-server.js";
import { fixture, projectPath } from "../helpers/paths.js";
import { runToEnd, startWrapper } from "../helpers/wrapper.js";

/** The variables of a command, as `env -0` prints them. */
function variables(text: string): Map<string, string> {
  return new Map(
    text
      .split("\0")
      .slice(0, -1)
      .map((entry) => [entry.split("=")[0] ?? "", entry.replace(/^[^=]*=/, "")]),
  );
}

const odd = {
  "a.b-c": "dots",
  EMPTY: "",
  LINES: "a\nb\n",
  QUOTES: `"'\\$x`,
  UNICODE: "é🦄",
  "%x": "=",
};
/** Set by env(1): tap's copy of the environment of what a test starts loses this name. */
const prototype = ["env", "__proto__=p"];
const settings = {
  WHILE_LEADER_KILL_AFTER: "9s",
  WHILE_LEADER_QUIET: "1",
  WHILE_LEADER_TTL: "5",
  WHILE_LEADER_USER: "u:p",
};
const kept = {
  ETCDCTL_USER: "u:p",
  ETCDCTL_ENDPOINTS: "a:1",
  WHILE_LEADER_PORT: "tcp://x",
  WHILE_LEADER_KEY: "outer/1",
};

await t.test("the environment is as it was, less our settings, with nothing of Node, grpc or execa", async (t) => {
  const env = { ...odd, ...settings, ...kept };
  const [plain, wrapped] = await Promise.all([
    runToEnd(["env", "-0"], { entry: fixture("says-events.js"), env, under: prototype }),
    runToEnd(["env", "-0"], { env, under: prototype }),
  ]);
  t.equal(wrapped.stderr, "", "WHILE_LEADER_QUIET was heeded");
  const [before, after] = [variables(plain.stdout), variables(wrapped.stdout)];
  for (const [name, value] of Object.entries({ ...odd, ...kept })) t.equal(after.get(name), value, name);
  t.equal(after.get("__proto__"), "p", "__proto__");
  for (const name of Object.keys(settings)) t.notOk(after.has(name), name);
  const differing = [...new Set([...before.keys(), ...after.keys()])].filter(
    (name) => before.get(name) !== after.get(name),
  );
  const expected = [...Object.keys(settings), "TEST_RIG_RUN", "WHILE_LEADER_MARK"];
  t.same(differing.toSorted(), expected.toSorted());
});

await t.test("in an election the command is told its key, lease and token as they are in etcd", async (t) => {
  const cluster = await startEtcd({ t });
  const env = {
    WHILE_LEADER_ELECTION: "jobs/nightly",
    ETCDCTL_ENDPOINTS: cluster.endpoints,
    WHILE_LEADER_KEY: "outer/1",
  };
  const wrapper = startWrapper(["--", "sh", "-c", "env -0; echo; echo end; exec sleep 300"], { t, env });
  await wrapper.stdoutLine("end");
  const told = variables(wrapper.stdout);
  const [key, lease, revision] = ["KEY", "LEASE", "REVISION"].map((name) => told.get(`WHILE_LEADER_${name}`));
  t.match(lease, /^[0-9a-f]+$/);
  t.equal(key, `jobs/nightly/${lease}`);
  t.same([told.get("WHILE_LEADER_OF"), told.get("WHILE_LEADER_AS")], ["jobs/nightly", hostname()]);
  t.equal(told.get("ETCD_LOCK_KEY"), key);
  t.ok(BigInt(told.get("ETCD_LOCK_REV") ?? 0) >= BigInt(revision ?? 0), "etcdctl lock tells a later revision");
  const fields = (await cluster.etcdctl("get", "--write-out=fields", key ?? "")).stdout;
  t.match(fields, `"Key" : "${key}"`);
  t.match(fields, `"CreateRevision" : ${revision}\n`);
  t.match(fields, `"Value" : "${hostname()}"`);
  t.match(fields, `"Lease" : ${BigInt(`0x${lease}`)}\n`);
});

await t.test("a while-leader in the workload of another stands on its own", async (t) => {
  const cluster = await startEtcd({ t });
  const under = [
    process.execPath,
    projectPath("dist/bin/while-leader.cjs"),
    "-q",
    "-n",
    "outer",
    ...cluster.flags,
    "--",
  ];
  const show = ["sh", "-c", "echo $WHILE_LEADER_OF $WHILE_LEADER_REVISION"];
  const inner = await runToEnd(["-n", "inner", ...cluster.flags, ...show], { under });
  t.match(inner, { code: 0, stdout: /^inner \d+\n$/ });
  const free = await runToEnd(["-q", ...show], { under, env: { WHILE_LEADER_QUIET: "1" } });
  t.match(free, { code: 0, stdout: /^outer \d+\n$/ }, "without an election of its own it passes on what it was told");
});
