import { delimiter, dirname } from "node:path";
import t from "tap";
import { environmentWithout, runCommand, type Finished } from "../helpers/command.js";
import { startEtcd } from "../helpers/etcd-server.js";
import { projectPath } from "../helpers/paths.js";
import { runToEnd, type Ended } from "../helpers/wrapper.js";
import { Stage } from "../integration/stage.js";

const USAGE = 64;
const ROLES = ["candidate", "asker", "operator"] as const;
type Role = (typeof ROLES)[number];

// Passwords are checked a hundred times here: not at the cost that is meant to make guessing slow.
const etcd = await startEtcd({ t, args: ["--bcrypt-cost=4"] });
for (const step of ["user add root:root", "role add root", "user grant-role root root", "auth enable"])
  await done(etcd.etcdctl(...step.split(" ")));
etcd.login = "root:root";

await t.test("roles.sh makes roles and users, also again, and refuses what makes no sense", async (t) => {
  for (const role of ROLES) await done(roles(`secret-of-${role}\n`, "jobs", role, role));
  await done(roles("", "jobs", "asker", "asker"));
  await done(roles("", "jobs", "asker"));
  t.match(await roles("a b\n", "jobs", "asker", "late"), { code: USAGE, stderr: /a blank in it/ });
  t.match(await roles("", "jobs", "asker", "late"), { code: USAGE, stderr: /no password on stdin/ });
  t.match(await etcd.etcdctl("user", "get", "late"), { code: 1 });
  for (const words of [[], ["jobs"], ["a", "asker", "x", "y"]])
    t.match(await roles("x\n", ...words), { code: USAGE, stderr: /usage/ });
  t.match(await roles("", "jobs", "leader"), { code: USAGE, stderr: /no such role: leader/ });
  for (const name of ["", "/jobs", "jobs/", "a//b"])
    t.match(await roles("", name, "asker"), { code: USAGE, stderr: /empty part/ });
});

await t.test(
  "with them candidates lead, hear of requests and are guarded; askers ask, operators hand over",
  async (t) => {
    const stage = new Stage(t, etcd, { election: "jobs" });
    const args = ["--user", login("candidate")];
    const a = await stage.leader("a", { args });
    const b = await stage.standby("b", { args });
    t.match(await ask("asker", "--who"), { code: 0, stdout: /^leader {4}a$/m });
    t.match(await ask("asker", "--step-down"), {
      code: 77,
      stderr: /read and write on while-leader\/step-down\/jobs\//,
    });
    t.match(await ask("operator", "--step-down"), { code: 0, stdout: /^jobs: from a to b / });
    t.match(await ask("operator", "--who"), { code: 0, stdout: /^leader {4}b$/m });
    for (const candidate of [a, b]) t.notOk(candidate.events.some(({ event }) => event === "no-step-down"));
    const first = await a.event("elected");
    await stage.beating(b);
    b.kill("SIGKILL");
    t.match(await b.event("resigned"), { acknowledged: true });
    await stage.beating(a, { after: first });
    t.same(stage.violations(), []);
    // Nobody but a candidate can be one.
    for (const role of ["asker", "operator"] as const)
      t.match(await ask(role, "--try", "true"), { code: 77, stderr: /permission denied/ });
  },
);

await t.test("what they may not do, and what etcd lets every user do", async (t) => {
  const requests = "while-leader/step-down/jobs/";
  for (const key of ["jobs", "jobs2/x"]) await done(etcd.etcdctl("put", key, "v"));
  const [foreign, request, peers] = [
    await leaseWith("other"),
    await leaseWith(`${requests}9`),
    await leaseWith("jobs/x"),
  ];
  const refused = async (role: Role, ...lines: string[]): Promise<void> => {
    for (const line of lines)
      t.match(await as(role, line), { code: 1, stderr: /permission denied/ }, `${role} may not: ${line}`);
  };
  const allowed = async (role: Role, ...lines: string[]): Promise<void> => {
    for (const line of lines) t.match(await as(role, line), { code: 0 }, `${role} may: ${line}`);
  };
  for (const role of ROLES) {
    await refused(role, "get other", "get --prefix jobs", "get jobs2/x", "put other x", "del other");
    await refused(role, "get --prefix while-leader/step-down/", `lease revoke ${foreign}`);
    await refused(role, `role grant-permission jobs-${role} readwrite other`, "auth disable");
    await allowed(role, "get --prefix jobs/");
  }
  await refused("asker", "put jobs/x y", "del jobs/x", `get --prefix ${requests}`, `lease revoke ${peers}`);
  await refused("operator", "put jobs/x y", "del jobs/x", `lease revoke ${peers}`);
  await refused("candidate", `put ${requests}1 x`, `del ${requests}9`, `lease revoke ${request}`);

  // etcd has no permissions for leases but those for their keys.
  const empty = await lease();
  await allowed("asker", "lease grant 60", "lease list", `lease keep-alive --once ${foreign}`, `lease revoke ${empty}`);
  await allowed("asker", "compaction 2", "member list");
  await allowed("candidate", `lease revoke ${peers}`, "put jobs/x y", "del jobs/x");
  await allowed("operator", `lease revoke ${request}`);
});

function login(role: Role): string {
  return `${role}:secret-of-${role}`;
}

/** Runs the example as root, with the tests' etcdctl. */
function roles(input: string, ...args: string[]): Promise<Finished> {
  const PATH = `${dirname(etcd.etcdctlFile)}${delimiter}${process.env.PATH ?? ""}`;
  const ours = { PATH, ETCDCTL_API: "3", ETCDCTL_ENDPOINTS: etcd.endpoints, ETCDCTL_USER: "root:root" };
  const env = { ...environmentWithout("ETCD"), ...ours };
  return runCommand(projectPath("examples/etcd-roles/roles.sh"), args, { env, input });
}

function ask(role: Role, ...args: string[]): Promise<Ended> {
  return runToEnd(["-n", "jobs", "--endpoints", etcd.endpoints, "--user", login(role), ...args], { timeoutMs: 60_000 });
}

async function as(role: Role, line: string): Promise<Finished> {
  etcd.login = login(role);
  try {
    return await etcd.etcdctl(...line.split(" "));
  } finally {
    etcd.login = "root:root";
  }
}

async function lease(): Promise<string> {
  return / ([0-9a-f]+) /.exec((await done(etcd.etcdctl("lease", "grant", "600"))).stdout)?.[1] ?? "";
}

async function leaseWith(key: string): Promise<string> {
  const id = await lease();
  await done(etcd.etcdctl("put", `--lease=${id}`, key, "v"));
  return id;
}

async function done(step: Promise<Finished>): Promise<Finished> {
  const finished = await step;
  if (finished.code !== 0) throw new Error(finished.stderr);
  return finished;
}
