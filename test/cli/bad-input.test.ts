import { existsSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { OPTIONS } from "../../lib/options.js";
import { fixture } from "../helpers/paths.js";
import { runToEnd } from "../helpers/wrapper.js";
import { refusalOf } from "./reading.js";

const jobs = ["--election", "jobs"];
const [cert, key] = [fixture("tls/client.pem"), fixture("tls/client-key.pem")] as const;

const noDuration = ["", "abc", "-5", "1d", "5 s", "1e3", "0x10", "5s3", "s", ".5s", "8S", "99999999999h", "∞"];
const noFile = ["", "/no/such/file", "/", fixture("tls/ca.pem/below")];

/** Values that each option refuses. Flags: what is no word for yes or no. */
const REFUSED: Readonly<Record<string, readonly string[]>> = {
  identity: [""],
  election: ["", "/", "/a", "a/", "a//b", "x".repeat(2_000)],
  ttl: [...noDuration, "0", "1", "1999ms", "2500ms"],
  "lost-grace": [...noDuration, "8s", "1h"],
  "kill-margin": [...noDuration, "10s"],
  "clock-drift": ["", "abc", "-1", "100", "100%", "1 %", "NaN", "Infinity", "1,5", "%"],
  "on-lost": ["", "Exit", "rejoin,exit", "die"],
  wait: noDuration,
  try: ["maybe", "2", "tru"],
  who: ["maybe", "2"],
  watch: ["maybe", "2"],
  json: ["maybe", "2"],
  endpoints: [
    "",
    ",",
    "a,,b",
    "a:0",
    "a:65536",
    "a:b",
    "ftp://a",
    "unix:///a",
    "a b",
    "http://a/b",
    "[::1",
    "a,https://b",
  ],
  cacert: noFile,
  cert: noFile,
  key: noFile,
  user: ["", ":", ":password"],
  "password-file": noFile,
  "dial-timeout": noDuration,
  "command-timeout": noDuration,
  "kill-after": noDuration,
  "stop-on": ["", "KILL", "STOP", "TERM,KILL", "TERM,", "FOO", "0", "999", "-1", "SIGSIGTERM"],
  "stop-with": ["", "FOO", "0", "999", "-1", "TERM,INT", "1.0"],
  group: ["maybe", "2"],
  "step-down": ["maybe", "2"],
  restart: ["", "yes", "On-failure", "no,always"],
  "max-restarts": ["", "-1", "1.5", "five", "1e3", "12345678901"],
  "health-cmd": [""],
  "health-interval": [...noDuration, "0"],
  "health-timeout": [...noDuration, "0"],
  "health-retries": ["", "0", "-1", "1.5"],
  "health-start-period": noDuration,
  "on-elected": [""],
  "on-resigned": [""],
  "hook-timeout": [...noDuration, "0"],
  guard: ["", "yes", "ON", "auto,on"],
  listen: ["", "8080", "a:", "a:b", ":65536", "::1:80", "[::1]", "http://a:80", "a b:80", "a:80/livez"],
  probe: ["", "readyz,livez", "metrics", "/livez", "READYZ"],
  "log-format": ["", "JSON", "xml"],
  verbose: ["very", "-1", "1.5"],
  quiet: ["maybe", "2"],
};

/** What makes the value of the option the only thing that is wrong. */
function company(name: string): string[] {
  if (name === "cert") return [...jobs, "--key", key];
  if (name === "key") return [...jobs, "--cert", cert];
  if (name === "password-file") return [...jobs, "--user", "u"];
  return name === "election" ? [] : jobs;
}

/** Whether a message shows the value: the beginning will do, and of a list the part that is wrong; never a password. */
function shows(refusal: string, name: string, value: string): boolean {
  const parts = name === "endpoints" ? [value, ...value.split(",")] : [name === "user" ? "" : value];
  return name === "user" || parts.some((part) => refusal.includes(JSON.stringify(part.slice(0, 20)).slice(0, -1)));
}

/** A timing that cannot be kept may be due to several options; the message has them all. */
const isTiming = (refusal: string) => /^--ttl: .*TTL/.test(refusal);

await t.test("a bad value is refused in one line that names the option and the value", async (t) => {
  t.same(Object.keys(REFUSED).toSorted(), OPTIONS.map(({ name }) => name).toSorted(), "of every option");
  for (const { name } of OPTIONS) {
    for (const value of REFUSED[name] ?? []) {
      const refusal = await refusalOf([...company(name), `--${name}=${value}`, "--", "true"]).catch(String);
      const named = refusal.startsWith(`--${name}`) && shows(refusal, name, value);
      t.ok(named || isTiming(refusal), `--${name}=${value}: ${refusal}`);
    }
  }
});

await t.test("a bad value in the environment is refused in one line that names the variable", async (t) => {
  for (const { name, environment } of OPTIONS) {
    for (const variable of environment) {
      for (const value of (REFUSED[name] ?? []).filter((text) => text !== "")) {
        const refusal = await refusalOf([...company(name), "true"], { [variable]: value }).catch(String);
        t.ok(refusal.startsWith(variable) || isTiming(refusal), `${variable}=${value}: ${refusal}`);
      }
    }
  }
});

await t.test("an empty variable is as good as none", async (t) => {
  const empty = Object.fromEntries(OPTIONS.flatMap(({ environment }) => environment.map((name) => [name, ""])));
  t.match(await refusalOf([], { ...empty }), /no command/, "and nothing else is wrong");
});

await t.test("a timing that cannot be kept is refused with the sum that fails", async (t) => {
  t.match(
    await refusalOf([...jobs, "--ttl", "10", "--lost-grace", "5", "true"]),
    /^--ttl: TTL 10s less 1 % clock drift, 5s lost grace, 1s kill margin and 1s for an answer leaves 2\.9s, but .* 4s$/,
  );
  t.match(await refusalOf([...jobs, "--lost-grace", "1h", "true"]), /leaves -59m/);
  t.match(await refusalOf([...jobs, "--clock-drift", "99", "true"]), /99 % clock drift/);
  t.match(await refusalOf([...jobs, "--ttl", "1", "true"]), /1s is shorter than .* 2s/);
  t.match(await refusalOf([...jobs, "--ttl", "2.5", "true"]), /2\.5s is not in whole seconds/);
});

await t.test("no command is refused", async (t) => {
  for (const argv of [[], ["--"], [...jobs], [...jobs, "--"], [""], ["--", ""], ["-q"], ["-v", "--"]]) {
    t.match(await refusalOf(argv), /no command/, argv.join(" "));
  }
});

await t.test("an option that is not there is refused by its name", async (t) => {
  const unknown = [
    "nonsense",
    "Election",
    "lostGrace",
    "no-quiet",
    "no-try",
    "password",
    "etcd.endpoints",
    "pid",
    "_",
    "$0",
  ];
  // Known to every object of the language; and those of a later version.
  const others = ["constructor", "toString", "__proto__", "hasOwnProperty", "on-standby", "state"];
  for (const name of [...unknown, ...others]) {
    for (const argv of [[`--${name}`], [`--${name}=value`], [`--${name}`, "value"]]) {
      const refusal = await refusalOf([...argv, "--", "true"]).catch(String);
      t.equal(refusal, `unknown option --${name}`, argv.join(" "));
    }
  }
  t.match(await refusalOf(["-x", "true"]), /^unknown option -x$/);
  t.match(await refusalOf(["-vx", "true"]), /^unknown option -x$/);
  t.match(await refusalOf(["--no\x1b[31m-such", "true"]), /^unknown/, "without its control characters");
});

await t.test("a value that is missing is refused by the option's name", async (t) => {
  for (const { name, kind } of OPTIONS) {
    if (kind === "flag" || kind === "count") continue;
    for (const argv of [[`--${name}`], [`--${name}`, "--", "true"], [`--${name}`, "--try", "--", "true"]]) {
      t.equal(await refusalOf(argv), `--${name}: needs a value`, argv.join(" "));
    }
  }
  t.equal(await refusalOf(["-n"]), "-n: needs a value");
});

await t.test("a flag takes no value that is neither yes nor no", async (t) => {
  for (const name of ["--try", "--group", "--quiet", "-g", "-q"]) {
    t.match(await refusalOf([...jobs, `${name}=maybe`, "true"]), name.replace(/^-+/, ""), name);
  }
});

await t.test("what contradicts itself is refused", async (t) => {
  t.match(await refusalOf(["-q", "-v", "sleep"]), /--quiet.*--verbose/);
  t.match(await refusalOf(["-v", "sleep"], { WHILE_LEADER_QUIET: "1" }), /WHILE_LEADER_QUIET/);
  t.match(await refusalOf([...jobs, "--cert", cert, "true"]), /^--cert: needs --key/);
  t.match(await refusalOf([...jobs, "--key", key, "true"]), /^--key: needs --cert/);
  t.match(await refusalOf([...jobs, "true"], { ETCDCTL_CERT: cert }), /^ETCDCTL_CERT: needs --key/);
  t.match(await refusalOf([...jobs, "true"], { WHILE_LEADER_KEY_FILE: key }), /^WHILE_LEADER_KEY_FILE: needs --cert/);
  t.match(await refusalOf([...jobs, "--password-file", cert, "true"]), /^--password-file: needs --user/);
  t.match(await refusalOf([...jobs, "--user", "u", "true"]), /^--user "u": no password/);
  t.match(await refusalOf(["--probe", "livez"]), /^--probe "livez": needs --listen/);
  t.match(await refusalOf(["--probe", "livez", "--listen", ":1", "true"]), /^--probe "livez": .* no command$/);
  t.match(await refusalOf([...jobs, "--user", "u:s", "--password-file", cert, "true"]), /^--password-file: --user has/);
});

await t.test("a certificate or key that is none is refused by its option's name", async (t) => {
  const garbage = join(t.testdir({ garbage: "no PEM" }), "garbage");
  const other = fixture("tls/rig-key.pem");
  t.match(await refusalOf([...jobs, "--cacert", garbage, "true"]).catch(String), /^--cacert /);
  t.match(await refusalOf([...jobs, "--cert", garbage, "--key", key, "true"]).catch(String), /^--cert /);
  t.match(await refusalOf([...jobs, "--cert", cert, "--key", garbage, "true"]).catch(String), /^--key /);
  t.match(await refusalOf([...jobs, "--cert", cert, "--key", other, "true"]).catch(String), /^--(cert|key) /);
});

await t.test("messages do not depend on the language of the user", async (t) => {
  const was = process.env["LC_ALL"];
  t.teardown(() => (was === undefined ? delete process.env["LC_ALL"] : (process.env["LC_ALL"] = was)));
  process.env["LC_ALL"] = "de_DE.UTF-8";
  t.match(await refusalOf(["--nonsense", "true"]), /^unknown option/);
});

const KINDS: Record<string, { argv?: string[]; env?: Record<string, string> }> = {
  value: { argv: ["--ttl", "abc"] },
  variable: { env: { WHILE_LEADER_KILL_AFTER: "soon" } },
  unknown: { argv: ["--nonsense", "on"] },
  missing: { argv: ["--election"] },
  timing: { argv: [...jobs, "--lost-grace", "9s"] },
  conflict: { argv: ["-q", "-v"] },
  file: { argv: [...jobs, "--cacert", "/no/such/file"] },
  name: { argv: ["--constructor"] },
};

await t.test("whatever is refused: one line on stderr, status 64, and nothing is started", async (t) => {
  const runs = Object.entries(KINDS).map(async ([kind, { argv = [], env = {} }]) => {
    const touched = join(t.testdir(), kind);
    const ended = await runToEnd([...argv, "--", "touch", touched], { text: true, env });
    t.match(ended, { code: 64, stdout: "", stderr: /^while-leader: [^\n]+\n$/ }, kind);
    t.notOk(existsSync(touched));
  });
  await Promise.all(runs);
});

await t.test("a hook without an election is refused: there is nothing to be elected to", async (t) => {
  t.equal(await refusalOf(["--on-elected", "true", "true"]), "--on-elected: needs --election as well");
  const env = { WHILE_LEADER_ON_RESIGNED: "true" };
  t.equal(await refusalOf(["true"], env), "WHILE_LEADER_ON_RESIGNED: needs --election as well");
});
