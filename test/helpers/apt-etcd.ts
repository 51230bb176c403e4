import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { mkdir, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { atExit } from "./at-exit.js";
import { entriesOf } from "./apt-sources.js";
import { runCommand, type Finished } from "./command.js";
import { projectPath } from "./paths.js";

// One download, the package lists included: 3 s on a good line. A test run must not hang on a bad one.
const DOWNLOAD_LIMIT = 120_000;

const PACKAGES = ["etcd-server", "etcd-client"];

// Where a machine whose own suite has another series finds the wanted one.
const SUITE_WITH: Record<string, Record<string, string>> = {
  "3.4": { trixie: "bookworm" },
  "3.5": { bookworm: "trixie" },
};

const cache = projectPath("node_modules/.cache/while-leader");

/**
 * The folder of an etcd unpacked from a Debian or Ubuntu package into the project's cache, fetched now if it is not
 * there. Needs no root, starts no service, leaves the system's package state as it is. Undefined where there is no apt
 * or nothing can be fetched; for a wanted series that failure is remembered until `forgetFailures`.
 */
export async function aptEtcd(series: string | undefined): Promise<string | undefined> {
  const own = await ownSuite();
  if (own === undefined) return undefined;
  const suite = (series && SUITE_WITH[series]?.[own]) ?? own;
  const target = join(cache, `etcd-${suite}`);
  const bin = join(target, "usr/bin");
  if (existsSync(bin)) return bin;
  if (series && existsSync(failureOf(suite))) return undefined;
  await mkdir(cache, { recursive: true });
  const work = mkdtempSync(join(cache, "fetching-"));
  const forget = atExit(() => rmSync(work, { recursive: true, force: true }));
  try {
    if (await fetchPackages(own, suite, work)) await publish(join(work, "tree"), target);
    else if (series) await writeFile(failureOf(suite), "");
  } finally {
    await rm(work, { recursive: true, force: true });
    forget();
  }
  return existsSync(bin) ? bin : undefined;
}

/** Lets the next `aptEtcd` try again what could not be fetched before. */
export async function forgetFailures(): Promise<void> {
  for (const name of existsSync(cache) ? await readdir(cache) : []) {
    if (name.endsWith(FAILED)) await rm(join(cache, name), { force: true });
  }
}

const FAILED = ".not-to-be-had";

function failureOf(suite: string): string {
  return join(cache, `etcd-${suite}${FAILED}`);
}

async function ownSuite(): Promise<string | undefined> {
  if (!existsSync("/usr/bin/apt-get")) return undefined;
  return /^VERSION_CODENAME=(\w+)$/m.exec(await readFile("/etc/os-release", "utf8").catch(() => ""))?.[1];
}

/** Several test processes may come here at once: each fetches into its own folder, and whoever is first is taken. */
async function publish(tree: string, target: string): Promise<void> {
  try {
    await rename(tree, target);
  } catch (error) {
    if (!existsSync(target)) throw error;
  }
}

async function fetchPackages(own: string, suite: string, work: string): Promise<boolean> {
  const deadline = performance.now() + DOWNLOAD_LIMIT;
  const apt = (...args: string[]): Promise<Finished> =>
    runCommand("apt-get", args, {
      cwd: join(work, "packages"),
      env: { ...process.env, APT_CONFIG: join(work, "apt.conf"), LC_ALL: "C" },
      timeoutMs: Math.max(1, Math.round(deadline - performance.now())),
    });
  await mkdir(join(work, "packages"));
  await mkdir(join(work, "cache/archives/partial"), { recursive: true });
  const system = await systemSettings();
  // The lists that the machine has, if it has any and they are not out of date …
  await writeFile(join(work, "apt.conf"), system + privateCache(work));
  if (own === suite && (await apt("download", ...PACKAGES)).code === 0) return unpack(work);
  // … and else our own, of the one suite that is needed.
  await writeSources(own, suite, join(work, "sources"));
  await mkdir(join(work, "lists/partial"), { recursive: true });
  await writeFile(join(work, "apt.conf"), system + privateCache(work) + privateLists(work));
  await apt("update"); // a mirror that fails may not be the one we need
  return (await apt("download", ...PACKAGES)).code === 0 && unpack(work);
}

/** The machine's own settings (proxies, credentials, …) without its hooks, which act on the system after an update. */
async function systemSettings(): Promise<string> {
  const { stdout } = await runCommand("apt-config", ["dump"]);
  return stdout.replace(/^.*(?:-Invoke|Acquire::IndexTargets).*\n/gm, "");
}

function privateCache(work: string): string {
  return `
    Dir::Cache "${work}/cache";
    Dir::Etc::main "/dev/null";
    Dir::Etc::parts "/dev/null";
    APT::Sandbox::User "root";
    Acquire::Retries "1";
    Acquire::http::Timeout "20";
    Acquire::https::Timeout "20";
  `;
}

function privateLists(work: string): string {
  return `
    Dir::State::lists "${work}/lists";
    Dir::Etc::sourcelist "/dev/null";
    Dir::Etc::sourceparts "${work}/sources";
    Acquire::Languages "none";
  `;
}

async function writeSources(own: string, suite: string, folder: string): Promise<void> {
  await mkdir(folder);
  const parts = await readdir("/etc/apt/sources.list.d").catch(() => []);
  const named = parts.filter((name) => /\.(?:list|sources)$/.test(name)).map((name) => `sources.list.d/${name}`);
  for (const [index, name] of ["sources.list", ...named].entries()) {
    const text = await readFile(join("/etc/apt", name), "utf8").catch(() => "");
    const extension = name.endsWith(".sources") ? "sources" : "list";
    await writeFile(join(folder, `${index}.${extension}`), entriesOf(name, text, own, suite));
  }
}

async function unpack(work: string): Promise<boolean> {
  for (const name of await readdir(join(work, "packages"))) {
    const done = await runCommand("dpkg-deb", ["-x", join(work, "packages", name), join(work, "tree")]);
    if (done.code !== 0) return false;
  }
  return existsSync(join(work, "tree/usr/bin/etcd"));
}

/** The last resort: has the machine's package manager install etcd. Says nothing about how that went. */
export async function installEtcd(): Promise<void> {
  if (existsSync("/usr/bin/apt-get")) {
    const root = process.getuid?.() === 0 ? [] : ["sudo", "-n"];
    const install = ["apt-get", "install", "-y", "--no-install-recommends", ...PACKAGES];
    await runLong([...root, "apt-get", "update"]);
    await runLong([...root, ...install]);
    return;
  }
  await runLong(["brew", "install", "etcd"]);
}

async function runLong([file = "", ...args]: string[]): Promise<void> {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive", HOMEBREW_NO_AUTO_UPDATE: "1" };
  await runCommand(file, args, { timeoutMs: DOWNLOAD_LIMIT, env });
}
