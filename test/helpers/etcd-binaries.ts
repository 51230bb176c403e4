import { access, constants } from "node:fs/promises";
import { basename, delimiter, dirname, join } from "node:path";
import { aptEtcd, installEtcd } from "./apt-etcd.js";
import { runCommand } from "./command.js";

export interface EtcdBinaries {
  etcd: string;
  etcdctl: string;
  version: string;
}

export type EtcdSeries = "3.4" | "3.5";

const HOW_TO_GET_IT = "no etcd here, and none to be had: install etcd 3.4 or newer, or set ETCD_BIN to the etcd binary";

/** The etcd that the tests run against, or an error of one line that says how to get one. */
export async function requireEtcd(): Promise<EtcdBinaries> {
  const found = await findEtcd();
  if (!found) throw new Error(HOW_TO_GET_IT);
  return found;
}

const found = new Map<EtcdSeries | undefined, Promise<EtcdBinaries | undefined>>();

/**
 * Looks for etcd and etcdctl in ETCD_BIN, in PATH and in the project's cache, and else gets them, without touching the
 * system if that can be: from Debian's or Ubuntu's packages, or from brew. With `want`, only that series will do.
 */
export function findEtcd(want?: EtcdSeries): Promise<EtcdBinaries | undefined> {
  const search = found.get(want) ?? searchEtcd(want);
  found.set(want, search);
  return search;
}

async function searchEtcd(want: EtcdSeries | undefined): Promise<EtcdBinaries | undefined> {
  const named = await etcdNamed(process.env.ETCD_BIN);
  if (named && suits(named, want)) return named;
  const installed = await etcdOnPath();
  if (installed && suits(installed, want)) return installed;
  const folder = await aptEtcd(want);
  const unpacked = folder === undefined ? undefined : await etcdIn(folder);
  if (unpacked && suits(unpacked, want)) return unpacked;
  if (want) return undefined;
  await installEtcd();
  const fresh = await etcdOnPath();
  return fresh && suits(fresh, want) ? fresh : undefined;
}

async function etcdNamed(name: string | undefined): Promise<EtcdBinaries | undefined> {
  if (!name) return undefined;
  const named =
    basename(name) === "etcd" && (await etcdOf(name, join(dirname(name), "etcdctl"), await onPath("etcdctl")));
  const binaries = named || (await etcdIn(name));
  if (!binaries) throw new Error(`ETCD_BIN=${name} is neither an etcd binary with etcdctl beside it nor their folder`);
  return binaries;
}

function etcdIn(folder: string): Promise<EtcdBinaries | undefined> {
  return etcdOf(join(folder, "etcd"), join(folder, "etcdctl"));
}

async function etcdOnPath(): Promise<EtcdBinaries | undefined> {
  const etcd = await onPath("etcd");
  return etcd === undefined ? undefined : etcdOf(etcd, join(dirname(etcd), "etcdctl"), await onPath("etcdctl"));
}

/** That etcd with the first etcdctl that is there, or nothing if one of them cannot be run. */
async function etcdOf(etcd: string, ...etcdctls: (string | undefined)[]): Promise<EtcdBinaries | undefined> {
  const version = /^etcd Version: (\S+)/m.exec((await runCommand(etcd, ["--version"])).stdout)?.[1];
  if (version === undefined) return undefined;
  for (const etcdctl of etcdctls) {
    if (etcdctl !== undefined && (await isExecutable(etcdctl))) return { etcd, etcdctl, version };
  }
  return undefined;
}

// Older ones have the JSON gateway elsewhere and need ETCDCTL_API.
const OLDEST = 4;

function suits({ version }: EtcdBinaries, want: EtcdSeries | undefined): boolean {
  return want ? version.startsWith(`${want}.`) : Number(/^3\.(\d+)/.exec(version)?.[1]) >= OLDEST;
}

/** The first executable of that name in PATH. */
export async function onPath(name: string): Promise<string | undefined> {
  for (const folder of (process.env.PATH ?? "").split(delimiter)) {
    const file = join(folder, name);
    if (folder !== "" && (await isExecutable(file))) return file;
  }
  return undefined;
}

function isExecutable(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}
