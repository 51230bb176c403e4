import t from "tap";
import { fixture } from "../helpers/paths.js";
import { configOf, refusalOf } from "./reading.js";

const secret = "s3cr3t-indeed";
const login = `candidate:${secret}`;
const jobs = ["-n", "jobs"];

/** Everything that can be wrong beside or with a password. */
const WRONG: readonly (readonly [readonly string[], Record<string, string>?])[] = [
  [[...jobs, "--user", login]],
  [[...jobs, "--user", login, "--ttl", "abc", "true"]],
  [[...jobs, "--user", login, "--nonsense", "true"]],
  [[...jobs, "--user", `:${secret}`, "true"]],
  [[...jobs, "--user", login, "--password-file", "/no/such/file", "true"]],
  [[...jobs, `--user=${login}`, "--user=", "true"]],
  [[...jobs, "--usr", login, "true"]],
  [[...jobs, `--usr=${login}`, "true"]],
  [[...jobs, `--password=${secret}`, "true"]],
  [[...jobs, `-u${secret}`, "true"]],
  [[...jobs, "--endpoints", `http://${login}@127.0.0.1:2379`, "true"]],
  [[...jobs, "true"], { WHILE_LEADER_USER: `:${secret}` }],
  [[...jobs, "true"], { ETCDCTL_USER: `:${secret}` }],
  [[...jobs, "--user", ":", "true"], { ETCDCTL_PASSWORD: secret }],
  [[...jobs, "--password-file", fixture("tls/ca.pem"), "true"], { ETCDCTL_PASSWORD: secret }],
  [[...jobs, "--nonsense", "true"], { ETCDCTL_PASSWORD: secret, ETCDCTL_USER: login }],
];

await t.test("a password is in no message about what cannot be read", async (t) => {
  for (const [argv, env] of WRONG) {
    const refusal = await refusalOf(argv, env).catch(String);
    t.notOk(refusal.includes(secret), refusal.replaceAll(secret, "<password>"));
  }
});

await t.test("a password may hold anything", async (t) => {
  for (const password of ["a:b", ":", " ", "é🦄", "a\nb", "%41", "\\", '"', "'", "=", ",", "--", "x".repeat(1_000)]) {
    const { election } = await configOf([...jobs, "--user", `u:${password}`, "true"]);
    t.strictSame(election?.etcd.user, { name: "u", password }, JSON.stringify(password));
  }
});
