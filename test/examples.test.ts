import { writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import t from "tap";
import { environmentWithout, runCommand, type Finished } from "./helpers/command.js";
import { requireEtcd } from "./helpers/etcd-binaries.js";
import { startEtcd } from "./helpers/etcd-server.js";
import { freePorts } from "./helpers/free-ports.js";
import { ObjectStore } from "./helpers/object-store.js";
import { projectPath } from "./helpers/paths.js";
import { needsPostgres, startPostgres } from "./helpers/postgres.js";
import type { Wrapper } from "./helpers/wrapper.js";
import { Stage } from "./integration/stage.js";

type Environment = Readonly<Record<string, string>>;

const [WRITTEN, REFUSED, NOT_KNOWN, USAGE] = [0, 1, 2, 64];
// psql's, for an error in a script.
const SQL_REFUSED = 3;

/** Says what it finds in its environment, and waits. */
const TELLS_ENVIRONMENT = ["sh", "-c", "env; echo ready; exec sleep 300"];

t.jobs = 2;

const unanswered = t.test("etcd.sh says when it does not know", async (t) => {
  const [nobody] = await freePorts(1);
  const write = await etcdWriter(`127.0.0.1:${nobody}`);
  const env = { WHILE_LEADER_KEY: "jobs/1", WHILE_LEADER_REVISION: "1" };
  t.match(await write(env, "result", "1"), { code: NOT_KNOWN });
});

await t.test("etcd.sh writes in its own term, and not when that is over", async (t) => {
  const etcd = await startEtcd({ t });
  const write = await etcdWriter(etcd.endpoints);
  const value = async (key: string) => (await etcd.etcdctl("get", "--print-value-only", key)).stdout;
  const stage = new Stage(t, etcd);
  const a = await stage.leader("a", { command: TELLS_ENVIRONMENT });
  const older = leadersEnvironment(a);
  const b = await stage.standby("b", { command: TELLS_ENVIRONMENT });
  t.match(await write(older, "result", "of a"), { code: WRITTEN });
  a.kill("SIGTERM");
  await b.stdoutLine("ready");
  const newer = leadersEnvironment(b);
  t.match(await write(older, "result", "of a, late"), { code: REFUSED, stderr: /refused/ });
  t.equal(await value("result"), "of a\n");
  t.match(await write(newer, "result", "of b"), { code: WRITTEN });
  t.match(await write(older, "result", "of a, later"), { code: REFUSED });
  t.equal(await value("result"), "of b\n");
  // Also with nobody there who leads, and for a key that has been made again.
  b.kill("SIGTERM");
  await b.exitedWithin();
  t.match(await write(newer, "result", "of b, late"), { code: REFUSED });
  await etcd.etcdctl("put", newer.WHILE_LEADER_KEY ?? "", "somebody else");
  t.match(await write(newer, "result", "of b, later"), { code: REFUSED });
  t.equal(await value("result"), "of b\n");
});

await t.test("etcd.sh writes what it is told, whatever that looks like", async (t) => {
  const etcd = await startEtcd({ t });
  const write = await etcdWriter(etcd.endpoints);
  const key = `a "key" \\ of it's own`;
  await etcd.etcdctl("put", key, "");
  const { stdout } = await etcd.etcdctl("get", key, "-w=fields");
  const revision = /^"CreateRevision" : (\d+)$/m.exec(stdout)?.[1] ?? "";
  const env = { WHILE_LEADER_KEY: key, WHILE_LEADER_REVISION: revision };
  for (const text of ["", "--prev-kv", `"quoted" 'twice' \\ $HOME \`id\` ü`]) {
    t.match(await write(env, text || "empty", text), { code: WRITTEN });
    t.equal((await etcd.etcdctl("get", "--print-value-only", "--", text || "empty")).stdout, `${text}\n`);
  }
  t.match(await write(env, "two", "lines\nput x y"), { code: USAGE });
  t.match(await write({}, "result", "1"), { stderr: /not in an election/ });
});

await t.test("postgresql.sql writes with the newest token, and not with an older one", needsPostgres, async (t) => {
  const psql = await startPostgres(t);
  t.match(await psql("-f", example("postgresql-schema.sql")), { code: 0 });
  const write = (token: number, value: string): Promise<Finished> => {
    const named = Object.entries({ election: "jobs", token, name: "result", value });
    const set = named.flatMap(([name, text]) => ["-v", `${name}=${text}`]);
    return psql(...set, "-f", example("postgresql.sql"));
  };
  const value = async () => (await psql("-At", "-c", "SELECT value FROM result")).stdout;
  t.match(await write(7, "of 7"), { code: WRITTEN });
  t.match(await write(7, "it's of 7 again"), { code: WRITTEN });
  t.equal(await value(), "it's of 7 again\n");
  t.match(await write(12, "of 12"), { code: WRITTEN });
  t.match(await write(7, "of 7, late"), { code: SQL_REFUSED, stderr: /no rows returned/ });
  t.equal(await value(), "of 12\n");
  // Who began first and waits for the newer one's commit compares with what that has left.
  const newer = psql("-c", "BEGIN; UPDATE term SET token = 20; SELECT pg_advisory_lock(1), pg_sleep(0.5); COMMIT");
  while (
    !(await psql("-At", "-c", "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")).stdout.startsWith("1")
  );
  t.match(await write(12, "of 12, late"), { code: SQL_REFUSED });
  t.match(await newer, { code: 0 });
  t.equal(await value(), "of 12\n");
});

// Not S3 itself: what HTTP says of the conditions that S3 took over.
await t.test("s3.sh puts with the newest token, and not over a newer one", async (t) => {
  const store = await ObjectStore.start(t);
  const file = join(t.testdir(), "file");
  const put = (token: number, body: string): Promise<Finished> => {
    writeFileSync(file, body);
    return run("s3.sh", { WHILE_LEADER_REVISION: `${token}`, no_proxy: "127.0.0.1" }, [store.url, file]);
  };
  t.match(await put(7, "of 7"), { code: WRITTEN });
  t.match(await put(7, "of 7 again"), { code: WRITTEN });
  t.match(await put(12, "of 12"), { code: WRITTEN });
  t.match(await put(7, "of 7, late"), { code: REFUSED, stderr: /12 .* newer than 7/ });
  t.equal(store.body, "of 12");
  // Somebody newer writes between an older one's look and its put.
  const once = (body: string, token: string): void => {
    store.beforePut = () => {
      store.beforePut = () => {};
      store.put(body, token);
    };
  };
  once("of 20", "20");
  t.match(await put(12, "of 12, late"), { code: REFUSED });
  t.same([store.body, store.refused], ["of 20", 1]);
  // And somebody older between a newer one's.
  once("of 20 again", "20");
  t.match(await put(30, "of 30"), { code: WRITTEN });
  t.same([store.body, store.refused], ["of 30", 2]);
  store.put("by hand", undefined);
  t.match(await put(30, "of 30"), { code: WRITTEN });
});

await t.test("s3.sh creates an object only if nobody else has done so meanwhile", async (t) => {
  const store = await ObjectStore.start(t);
  const file = join(t.testdir({ file: "of 7" }), "file");
  store.beforePut = () => store.body ?? store.put("of 12", "12");
  const env = { WHILE_LEADER_REVISION: "7", no_proxy: "127.0.0.1" };
  t.match(await run("s3.sh", env, [store.url, file]), { code: REFUSED });
  t.equal(store.body, "of 12");
});

await unanswered;

function example(name: string): string {
  return projectPath(`examples/fencing/${name}`);
}

/** Runs an example with these variables, and with nothing else about elections. */
function run(name: string, env: Environment, args: readonly string[]): Promise<Finished> {
  const clean = environmentWithout("WHILE_LEADER_", "ETCD");
  return runCommand(example(name), args, { env: { ...clean, ...env } });
}

/** Runs etcd.sh with the tests' etcdctl. */
async function etcdWriter(endpoints: string) {
  const { etcdctl } = await requireEtcd();
  const PATH = `${dirname(etcdctl)}${delimiter}${process.env.PATH ?? ""}`;
  return (env: Environment, ...args: string[]): Promise<Finished> => {
    const all = { ...env, PATH, ETCDCTL_ENDPOINTS: endpoints };
    return run("etcd.sh", all, args);
  };
}

/** What a command that tells its environment has found of ours. */
function leadersEnvironment({ stdout }: Wrapper): Environment {
  return Object.fromEntries(
    [...stdout.matchAll(/^(WHILE_LEADER_\w+)=(.*)$/gm)].map(([, name, value]) => [name, value]),
  );
}
