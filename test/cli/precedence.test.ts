import t from "tap";
import { OPTIONS } from "../../lib/options.js";
import { readFileSync } from "node:fs";
import { fixture } from "../helpers/paths.js";
import { configOf } from "./reading.js";

/** Of each option three values that differ, and the same as they are read. A flag's only other value is off. */
const VALUES: Readonly<Record<string, readonly (readonly [string, unknown])[]>> = {
  election: [
    ["a", "a"],
    ["b", "b"],
  ],
  identity: [
    ["a", "a"],
    ["b", "b"],
  ],
  ttl: [
    ["20", 20_000],
    ["30s", 30_000],
  ],
  "lost-grace": [
    ["1", 1_000],
    ["2s", 2_000],
  ],
  "kill-margin": [
    ["1", 1_000],
    ["500ms", 500],
  ],
  "clock-drift": [
    ["1", 0.01],
    ["2", 0.02],
  ],
  "on-lost": [
    ["exit", "exit"],
    ["rejoin", "rejoin"],
  ],
  wait: [
    ["1", 1_000],
    ["2", 2_000],
  ],
  try: [
    ["true", true],
    ["false", false],
  ],
  endpoints: [
    ["a", ["http://a:2379"]],
    ["b", ["http://b:2379"]],
    ["c", ["http://c:2379"]],
  ],
  "dial-timeout": [
    ["1", 1_000],
    ["2s", 2_000],
    ["3s", 3_000],
  ],
  "command-timeout": [
    ["1", 1_000],
    ["2s", 2_000],
    ["3s", 3_000],
  ],
  cacert: files("ca", "other-ca", "server"),
  user: users("a:1", "b:2", "c:3"),
  "kill-after": [
    ["1", 1_000],
    ["2", 2_000],
  ],
  "stop-on": [
    ["HUP", new Set(["SIGHUP"])],
    ["INT", new Set(["SIGINT"])],
  ],
  "stop-with": [
    ["QUIT", "SIGQUIT"],
    ["3", "SIGQUIT"],
  ],
  group: [
    ["true", true],
    ["false", false],
  ],
  "health-cmd": [
    ["true", "true"],
    ["false", "false"],
  ],
  listen: [
    [":1", { host: undefined, port: 1 }],
    ["a:2", { host: "a", port: 2 }],
  ],
  restart: [
    ["always", "always"],
    ["on-failure", "on-failure"],
  ],
  "log-format": [
    ["json", "json"],
    ["text", "text"],
  ],
  quiet: [
    ["true", "error"],
    ["false", "info"],
  ],
};

function files(...names: string[]): (readonly [string, Buffer])[] {
  return names.map((name) => fixture(`tls/${name}.pem`)).map((file) => [file, readFileSync(file)]);
}

function users(...texts: string[]): (readonly [string, object])[] {
  return texts.map((text) => [text, { name: text.split(":")[0], password: text.split(":")[1] }]);
}

/** Where the option's value is in what was read. */
async function valueOf(name: string, argv: readonly string[], env: Record<string, string>): Promise<unknown> {
  const named = name === "election" ? [] : ["--election=jobs"];
  const { election, rules, health, group, listen, log } = await configOf([...named, ...argv, "--", "true"], env);
  const etcd = election?.etcd;
  const found: Record<string, unknown> = {
    election: election?.name,
    identity: election?.identity,
    ttl: election?.timing.ttl,
    "lost-grace": election?.timing.lostGrace,
    "kill-margin": election?.timing.killMargin,
    "clock-drift": election?.timing.clockDrift,
    try: election?.once,
    endpoints: etcd?.endpoints,
    cacert: etcd?.tls?.ca,
    user: etcd?.user,
    "dial-timeout": etcd?.dialTimeout,
    "command-timeout": etcd?.commandTimeout,
    "on-lost": rules.onLost,
    wait: rules.wait,
    "kill-after": rules.killAfter,
    "stop-on": rules.stopOn,
    "stop-with": rules.stopWith,
    "health-cmd": health,
    restart: rules.restart?.when,
    group,
    listen,
    "log-format": log.format,
    quiet: log.level,
  };
  return found[name];
}

for (const { name, environment } of OPTIONS) {
  const values = VALUES[name];
  if (values === undefined) continue;
  await t.test(`--${name}: the command line, then ${environment.join(", then ")}`, async (t) => {
    const [first = ["", ""], second = ["", ""], third = second] = values;
    const [own = "", etcdctl] = environment;
    const flag = [`--${name}=${first[0]}`];
    t.strictSame(await valueOf(name, flag, { [own]: second[0], ...(etcdctl && { [etcdctl]: third[0] }) }), first[1]);
    t.strictSame(await valueOf(name, [`--${name}=${second[0]}`], { [own]: first[0] }), second[1]);
    t.strictSame(await valueOf(name, [], { [own]: first[0], ...(etcdctl && { [etcdctl]: third[0] }) }), first[1]);
    if (etcdctl === undefined) return;
    t.strictSame(await valueOf(name, flag, { [etcdctl]: third[0] }), first[1]);
    t.strictSame(await valueOf(name, [], { [etcdctl]: third[0] }), third[1]);
    t.strictSame(await valueOf(name, [], { [own]: "", [etcdctl]: third[0] }), third[1], "an empty one is none");
  });
}

await t.test("those of etcd alone are read from ETCDCTL_*, and --key is WHILE_LEADER_KEY_FILE", async (t) => {
  const two = ["endpoints", "cacert", "cert", "key", "user", "dial-timeout", "command-timeout"];
  t.same(
    OPTIONS.filter(({ environment }) => environment.length === 2).map(({ name }) => name),
    two,
  );
  const [cert, key, other] = files("client", "client-key", "rig-key").map(([file]) => file ?? "");
  const tls = async (env: Record<string, string | undefined>, ...argv: string[]) =>
    (await configOf(["-n", "jobs", ...argv, "true"], env)).election?.etcd.tls;
  const read = { cert: readFileSync(cert ?? ""), key: readFileSync(key ?? "") };
  t.strictSame(await tls({ ETCDCTL_CERT: cert, ETCDCTL_KEY: key }), read);
  t.strictSame(await tls({ ETCDCTL_CERT: cert, ETCDCTL_KEY: other, WHILE_LEADER_KEY_FILE: key }), read);
  t.strictSame(await tls({ WHILE_LEADER_CERT: cert, ETCDCTL_KEY: other }, `--key=${key}`), read);
});

await t.test("a foreign variable does no harm, whatever is in it", async (t) => {
  const kubernetes = {
    WHILE_LEADER_SERVICE_HOST: "10.0.0.1",
    WHILE_LEADER_SERVICE_PORT: "2379",
    WHILE_LEADER_SERVICE_PORT_HTTP: "2379",
    WHILE_LEADER_PORT: "tcp://10.0.0.1:2379",
    WHILE_LEADER_PORT_2379_TCP: "tcp://10.0.0.1:2379",
    WHILE_LEADER_PORT_2379_TCP_PROTO: "tcp",
    WHILE_LEADER_PORT_2379_TCP_ADDR: "10.0.0.1",
  };
  const outer = {
    WHILE_LEADER_KEY: "jobs/abc",
    WHILE_LEADER_LEASE: "abc",
    WHILE_LEADER_OF: "jobs",
    WHILE_LEADER_AS: "me",
  };
  const others = {
    WHILE_LEADER_: "x",
    WHILE_LEADER_TTL_: "x",
    while_leader_ttl: "x",
    WHILE_LEADER_HELP: "1",
    WHILE_LEADER_VERSION: "1",
  };
  const etcdctl = { ETCDCTL_API: "3", ETCDCTL_TTL: "x", ETCDCTL_WRITE_OUT: "json", ETCDCTL_PASSWORD_FILE: "/none" };
  const env = { ...kubernetes, ...outer, ...others, ...etcdctl, ELECTION: "x", TTL: "x" };
  t.strictSame(await configOf(["true"], env), await configOf(["true"]));
  t.strictSame(await configOf(["-n", "jobs", "true"], env), await configOf(["-n", "jobs", "true"]));
});
