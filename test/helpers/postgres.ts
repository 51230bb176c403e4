import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Owner } from "./at-exit.js";
import { Child } from "./child.js";
import { runCommand, type Finished } from "./command.js";
import { until } from "./until.js";

/** Where Debian has the server's programs, which are not in the PATH. */
const VERSIONS = "/usr/lib/postgresql";

/** Runs psql with these arguments; never rejects. */
export type Psql = (...args: string[]) => Promise<Finished>;

const programs = existsSync(VERSIONS)
  ? readdirSync(VERSIONS)
      .map((version) => join(VERSIONS, version, "bin"))
      .find((folder) => existsSync(join(folder, "initdb")))
  : undefined;
// A server refuses to run as root; the package comes with somebody for it.
const asOwner = process.getuid?.() === 0 ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] : [];

/** Options of a test that needs a PostgreSQL server: skips it, and says why, where none is installed. */
export const needsPostgres: { readonly skip: false | string } = {
  skip: programs === undefined && `no PostgreSQL server is installed in ${VERSIONS}`,
};

/** Starts a throw-away PostgreSQL that listens on a socket in a folder of its own, and on no port. */
export async function startPostgres(t: Owner): Promise<Psql> {
  const folder = mkdtempSync(join(tmpdir(), "while-leader-postgres-"));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  if (asOwner.length > 0) chownSync(folder, await idOf("-u"), await idOf("-g"));
  const data = join(folder, "data");
  const command = (name: string, ...args: string[]): string[] => [
    ...asOwner,
    join(programs ?? "", name),
    "-D",
    data,
    ...args,
  ];
  const [initdb = "", ...settings] = command(
    "initdb",
    "--no-sync",
    "--auth=trust",
    "--username=test",
    "--encoding=UTF8",
  );
  const made = await runCommand(initdb, settings, { cwd: folder });
  if (made.code !== 0) throw new Error(`initdb: ${made.stderr}`);
  const [file = "", ...args] = command("postgres", "-k", folder, "-c", "listen_addresses=", "-c", "fsync=off");
  const server = new Child(file, args, { t, cwd: folder });
  const psql: Psql = (...words) => runCommand("psql", ["-X", "-h", folder, "-U", "test", "-d", "postgres", ...words]);
  await until("PostgreSQL to answer", async () => {
    if (server.hasExited) throw new Error(`PostgreSQL ended: ${server.stderr}`);
    return (await psql("-c", "SELECT 1")).code === 0;
  });
  return psql;
}

async function idOf(which: "-u" | "-g"): Promise<number> {
  return Number((await runCommand("id", [which, "postgres"])).stdout);
}
