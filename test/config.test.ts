import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import t from "tap";
import { readConfig } from "../lib/config.js";
import { OPTIONS } from "../lib/options.js";
import { configOf } from "./cli/reading.js";
import { fixture } from "./helpers/paths.js";

const jobs = ["--election", "jobs"];
const election = async (...argv: string[]) => (await configOf([...jobs, ...argv, "--", "true"])).election;
const etcd = async (...argv: string[]) => (await election(...argv))?.etcd;

await t.test("with nothing but a command, everything is as --help says", async (t) => {
  t.strictSame(await configOf(["true"]), {
    command: ["true"],
    rules: {
      stopOn: new Set(["SIGTERM", "SIGINT"]),
      stopWith: undefined,
      killAfter: 8_000,
      onLost: "rejoin",
      wait: undefined,
      restart: undefined,
      health: undefined,
      hooks: undefined,
    },
    health: undefined,
    hooks: { "on-elected": undefined, "on-resigned": undefined },
    group: false,
    guard: false,
    log: { format: "text", level: "info" },
  });
  t.strictSame(await election(), {
    name: "jobs",
    identity: hostname(),
    once: false,
    timing: { ttl: 10_000, lostGrace: undefined, killMargin: undefined, clockDrift: 0.01 },
    etcd: { endpoints: ["http://127.0.0.1:2379"], dialTimeout: 2_000, commandTimeout: 5_000 },
  });
});

await t.test("every option is read", async (t) => {
  const [ca, cert, key] = ["ca", "client", "client-key"].map((name) => fixture(`tls/${name}.pem`));
  const password = join(t.testdir({ password: "s:cret\r\n" }), "password");
  const argv = [
    "-n jobs/nightly --identity me --ttl 20 --lost-grace 1s --kill-margin=500ms --clock-drift 2.5%".split(" "),
    "--on-lost exit --wait 1m30s --try --endpoints a,b:1 --user u".split(" "),
    [`--cacert=${ca}`, `--cert=${cert}`, `--key=${key}`, `--password-file=${password}`, "--stop-on", "TERM, sigquit,1"],
    "--dial-timeout 1 --command-timeout 1.5s --kill-after 0 --stop-with usr1 -g".split(" "),
    "--restart always --max-restarts 7 --health-cmd true --health-interval 1 --health-timeout 2".split(" "),
    "--health-retries 4 --health-start-period 1m --hook-timeout 3".split(" "),
    ["--on-elected", "ip addr add", "--on-resigned=ip addr del"],
    "--listen [::1]:8080 --log-format json -vv -- true".split(" "),
  ].flat();
  t.strictSame(await configOf(argv), {
    command: ["true"],
    rules: {
      stopOn: new Set(["SIGTERM", "SIGQUIT", "SIGHUP"]),
      stopWith: "SIGUSR1",
      killAfter: 0,
      onLost: "exit",
      wait: 90_000,
      restart: { when: "always", most: 7, quick: 10_000, pause: 100, longest: 10_000 },
      health: { interval: 1_000, timeout: 2_000, retries: 4, startPeriod: 60_000 },
      hooks: { onElected: true, onResigned: true, timeout: 3_000, pause: 1_000, longest: 30_000 },
    },
    health: "true",
    hooks: { "on-elected": "ip addr add", "on-resigned": "ip addr del" },
    group: true,
    guard: true,
    listen: { host: "::1", port: 8080 },
    log: { format: "json", level: "trace" },
    election: {
      name: "jobs/nightly",
      identity: "me",
      once: true,
      timing: { ttl: 20_000, lostGrace: 1_000, killMargin: 500, clockDrift: 0.025 },
      etcd: {
        endpoints: ["https://a:2379", "https://b:1"],
        tls: { ca: readFileSync(ca ?? ""), cert: readFileSync(cert ?? ""), key: readFileSync(key ?? "") },
        user: { name: "u", password: "s:cret" },
        dialTimeout: 1_000,
        commandTimeout: 1_500,
      },
    },
  });
});

await t.test("--step-down is read, with a minute to wait where nobody says otherwise", async (t) => {
  const read = async (...argv: string[]) => readConfig([...jobs, "--step-down", ...argv], {}, "0");
  const etcdRead = { endpoints: ["http://127.0.0.1:2379"], dialTimeout: 2_000, commandTimeout: 5_000 };
  const log = { format: "text", level: "info" };
  t.strictSame(await read(), { stepDown: { name: "jobs", etcd: etcdRead, wait: 60_000, log } });
  t.match(await read("--wait", "5"), { stepDown: { wait: 5_000 } });
});

await t.test("how much is said", async (t) => {
  const level = async (...argv: string[]) => (await configOf([...argv, "--", "true"])).log.level;
  t.equal(await level("-q"), "error");
  t.equal(await level("--quiet"), "error");
  t.equal(await level("-v"), "debug");
  t.equal(await level("-v", "-v"), "trace");
  t.equal(await level("--verbose", "-v"), "trace");
  t.equal(await level("-vvv"), "trace");
  t.equal(await level("-vvvvvvvvvvvv"), "trace", "more than that says no more");
  const set = async (env: Record<string, string>) => (await configOf(["true"], env)).log.level;
  t.equal(await set({ WHILE_LEADER_VERBOSE: "0" }), "info");
  t.equal(await set({ WHILE_LEADER_VERBOSE: "1" }), "debug");
  t.equal(await set({ WHILE_LEADER_VERBOSE: "2" }), "trace");
  t.equal(await set({ WHILE_LEADER_QUIET: "yes" }), "error");
});

await t.test("short options can be written together", async (t) => {
  const config = await configOf(["-gvn", "jobs", "sleep"]);
  t.match(config, { group: true, log: { level: "debug" }, election: { name: "jobs" }, command: ["sleep"] });
});

await t.test("of a repeated option the last one counts", async (t) => {
  t.match(await election("--ttl", "5", "--ttl=20"), { timing: { ttl: 20_000 } });
  t.match(await election("--ttl", "no duration", "--ttl", "20"), { timing: { ttl: 20_000 } });
  t.match(await election("-n", "first", "--election", "last"), { name: "last" });
  t.match(await election("--endpoints", "a", "--endpoints", "b"), { etcd: { endpoints: ["http://b:2379"] } });
});

await t.test("values stay text: no number, no list, no object is made of them", async (t) => {
  t.match(await election("--identity", "007", "-n", "1e3"), { identity: "007", name: "1e3" });
  t.match(await election("--identity", "a=b", "--election=x.y"), { identity: "a=b", name: "x.y" });
  t.match(await election("--identity=--try"), { identity: "--try", once: false });
  t.match(await election("--identity", " \n"), { identity: " \n" });
});

await t.test("the user's password is behind the colon, in a file, or in ETCDCTL_PASSWORD", async (t) => {
  const user = async (env: Record<string, string>, ...argv: string[]) =>
    (await configOf([...jobs, ...argv, "--", "true"], env)).election?.etcd.user;
  const folder = t.testdir({ plain: "s:cret", line: "s:cret\n", lines: "a\n\n", blank: "" });
  const file = (name: string) => ["--user", "u", "--password-file", join(folder, name)];
  t.strictSame(await user({}, "--user", "u:s:cret"), { name: "u", password: "s:cret" });
  t.strictSame(await user({}, "--user", "u:"), { name: "u", password: "" });
  t.strictSame(await user({}, ...file("plain")), { name: "u", password: "s:cret" });
  t.strictSame(await user({}, ...file("line")), { name: "u", password: "s:cret" });
  t.strictSame(await user({}, ...file("lines")), { name: "u", password: "a\n" }, "one line's end is taken off");
  t.strictSame(await user({}, ...file("blank")), { name: "u", password: "" });
  t.strictSame(await user({ ETCDCTL_PASSWORD: "e" }, "--user", "u"), { name: "u", password: "e" });
  t.strictSame(await user({ ETCDCTL_PASSWORD: "e" }, "--user", "u:own"), { name: "u", password: "own" });
  t.strictSame(await user({ ETCDCTL_PASSWORD: "e" }, ...file("plain")), { name: "u", password: "s:cret" });
  t.equal(await user({ ETCDCTL_PASSWORD: "e" }), undefined, "a password alone is nobody's");
});

await t.test("anything about TLS makes https of endpoints without a scheme", async (t) => {
  const ca = fixture("tls/ca.pem");
  t.match(await etcd("--cacert", ca), { endpoints: ["https://127.0.0.1:2379"] });
  t.match(await etcd("--cacert", ca, "--endpoints", "http://a"), { endpoints: ["http://a:2379"] });
});

await t.test("settings of an election do no harm without one", async (t) => {
  t.notOk((await configOf(["--ttl", "10", "--lost-grace", "9", "true"])).election, "not even impossible ones");
  t.notOk((await configOf(["true"], { ETCDCTL_CACERT: "/no/such/file" })).election, "nor files that are not there");
});

await t.test("try and wait go together: not led by others, and etcd reached within it", async (t) => {
  t.match(await configOf([...jobs, "--try", "--wait", "3s", "true"]), {
    election: { once: true },
    rules: { wait: 3_000 },
  });
});

await t.test("no option of ours has a name that another's variable could have by chance", async (t) => {
  const variables = OPTIONS.flatMap(({ environment }) => environment);
  t.equal(new Set(variables).size, variables.length);
  const kubernetes = /^WHILE_LEADER_(SERVICE_.*|PORT(_.*)?)$/;
  t.same(
    variables.filter((name) => kubernetes.test(name)),
    [],
  );
  const told = /^WHILE_LEADER_(REVISION|KEY|LEASE|OF|AS|MARK)$/;
  t.same(
    variables.filter((name) => told.test(name)),
    [],
  );
});
