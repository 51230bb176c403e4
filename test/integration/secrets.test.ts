import { readFileSync } from "node:fs";
import { join } from "node:path";
import t, { type Test } from "tap";
import { enableAuth } from "../helpers/etcd-auth.js";
import { startEtcd } from "../helpers/etcd-server.js";
import { jsonLine, textLine, undocumented } from "../helpers/log-table.js";
import { fixture } from "../helpers/paths.js";
import { until } from "../helpers/until.js";
import { OPTIONS } from "../../lib/options.js";
import { runToEnd, startWrapper } from "../helpers/wrapper.js";
import { ask } from "../status/asking.js";

/** What no quoting hides. */
const SECRET = "s3cr3t";
const password = `a:${SECRET} "b" \\`;
const user = "candidate";
const [cert, key] = [fixture("tls/client.pem"), fixture("tls/client-key.pem")] as const;
const keyLines = readFileSync(key, "utf8")
  .split("\n")
  .filter((line) => /^[\w+/=]{20,}$/.test(line));
/** What etcd hands out for a password. */
const TOKEN = /\b[A-Za-z]{16}\.\d+\b/;

interface Way {
  args?: readonly string[];
  env?: Record<string, string>;
}

/** Every way to hand over a password, which is also in the file, and one for the private key with it. */
function waysTo(word: string, file: string): Readonly<Record<string, Way>> {
  const flags = [`--cert=${cert}`, `--key=${key}`];
  return {
    "--user": { args: [...flags, "--user", `${user}:${word}`] },
    "--password-file": { args: [...flags, "--user", user, "--password-file", file] },
    WHILE_LEADER_USER: {
      env: { WHILE_LEADER_USER: `${user}:${word}`, WHILE_LEADER_CERT: cert, WHILE_LEADER_KEY_FILE: key },
    },
    WHILE_LEADER_PASSWORD_FILE: {
      args: flags,
      env: { WHILE_LEADER_PASSWORD_FILE: file, WHILE_LEADER_USER: user },
    },
    ETCDCTL_USER: { env: { ETCDCTL_USER: `${user}:${word}`, ETCDCTL_CERT: cert, ETCDCTL_KEY: key } },
    ETCDCTL_PASSWORD: { args: flags, env: { ETCDCTL_PASSWORD: word, ETCDCTL_USER: user } },
  };
}

t.jobs = 2;
const etcd = await startEtcd({ t, tls: "mutual" });
await enableAuth(etcd, { rootPassword: "for root", user, password, prefix: "jobs-" });
const reach = [`--endpoints=${etcd.endpoints}`, `--cacert=${fixture("tls/ca.pem")}`];

/** Fails if anything of a password, a key or a token is in the text. */
function holdsNoSecret(t: Test, text: string): void {
  t.notOk(text.includes(SECRET), text.replaceAll(SECRET, "<password>"));
  for (const line of keyLines) t.notOk(text.includes(line), "the private key");
  t.notMatch(text, TOKEN);
}

void t.test("these are all the options that hold a credential", async (t) => {
  const told = new Set(["user", "password-file", "key"]);
  const harmless = new Set(["cacert", "cert", "endpoints", "dial-timeout", "command-timeout"]);
  const etcds = OPTIONS.filter(({ group }) => group === "etcd:").map(({ name }) => name);
  t.same(etcds.toSorted(), [...told, ...harmless].toSorted());
  t.ok(keyLines.length > 0);
});

const wrongPassword = `${SECRET}, but wrong`;
const files = t.testdir({ right: `${password}\n`, wrong: `${wrongPassword}\n` });
const right = waysTo(password, join(files, "right"));
const wrong = waysTo(wrongPassword, join(files, "wrong"));

for (const format of ["text", "json"] as const) {
  const say = ["-vv", "--log-format", format];

  for (const [name, { args = [], env = {} }] of Object.entries(right))
    void t.test(
      `${name}: nothing secret is in a log as ${format}, whatever happens, nor at the endpoints`,
      async (t) => {
        const election = `jobs-${name.toLowerCase()}-${format}`;
        const own = [...say, "-n", election, "--listen", "127.0.0.1:0", ...reach, ...args];
        const wrapper = startWrapper([...own, "--", fixture("signals.js")], { t, env, text: true });
        const readies = (): number => wrapper.stdout.split("ready\n").length - 1;
        await wrapper.stdoutLine("ready");
        const answers = [];
        const port = Number(/listening.*?:(\d+)\b(?!:)/.exec(wrapper.stderr)?.[1]);
        for (const path of ["/livez", "/readyz", "/leader", "/metrics"]) answers.push((await ask(port, path)).body);
        await etcd.etcdctl("del", "--prefix", `${election}/`);
        await until("the next term", () => readies() === 2);
        await until("a renewal", () => wrapper.stderr.includes("renewed"));
        wrapper.kill("SIGKILL");
        await until("the guard's last word", () => /orphaned[^]*resigned.*\n/.test(wrapper.stderr));
        holdsNoSecret(t, [wrapper.stdout, wrapper.stderr, ...answers].join("\n"));
        const lines = wrapper.stderr.trimEnd().split("\n");
        const read = lines.map(format === "json" ? jsonLine : textLine).filter((line) => line !== undefined);
        const names = new Set(read.map(({ event }) => event));
        for (const event of ["granted", "renewed", "lost", "killing", "rejoining", "orphaned"])
          t.ok(names.has(event), `${event} was logged`);
        t.equal(read.length, lines.length, "every line is an event");
        t.same(undocumented(read), []);
      },
    );

  for (const [name, { args = [], env = {} }] of Object.entries(wrong))
    void t.test(`${name}: nor in the log, as ${format}, of who is refused`, async (t) => {
      const own = [...say, "-n", "jobs-refused", ...reach, ...args];
      const { code, stdout, stderr } = await runToEnd([...own, "true"], { env, text: true });
      t.equal(code, 77, stderr);
      holdsNoSecret(t, stdout + stderr);
    });

  void t.test(`nor in the log, as ${format}, of who cannot reach etcd`, async (t) => {
    const { args = [] } = right["--user"] ?? {};
    const nowhere = ["--endpoints=https://127.0.0.1:1", `--cacert=${fixture("tls/ca.pem")}`, "--wait", "1s"];
    const { code, stdout, stderr } = await runToEnd([...say, "-n", "jobs", ...nowhere, ...args, "true"], {
      text: true,
    });
    t.equal(code, 69, stderr);
    holdsNoSecret(t, stdout + stderr);
  });
}
