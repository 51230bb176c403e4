import { chmodSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { mkdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { atExit } from "./at-exit.js";
import { runCommand } from "./command.js";
import { projectPath } from "./paths.js";
import { npm } from "./tarball.js";

/** Every major version of Node that `engines` allows and that is maintained, besides the one that runs this. */
export const MAJORS = ["20", "22", "24"] as const;

const cache = projectPath("node_modules/.cache/while-leader");
const DOWNLOAD_LIMIT = 300_000;

/**
 * The folder of a Node binary of this major version, out of the npm registry's packages that hold nothing else, fetched
 * now if it is not in the project's cache. Needs no install script.
 */
export async function nodeRelease(major: string): Promise<string> {
  const target = join(cache, `node-${major}`);
  const bin = join(target, "bin");
  if (existsSync(bin)) return bin;
  await mkdir(cache, { recursive: true });
  const work = mkdtempSync(join(cache, "fetching-"));
  const forget = atExit(() => rmSync(work, { recursive: true, force: true }));
  try {
    const name = `node-${process.platform}-${process.arch}@${major}`;
    const told = await npm(["pack", "--json", "--pack-destination", work, name], { timeoutMs: DOWNLOAD_LIMIT });
    const [{ filename }] = JSON.parse(told) as [{ filename: string }];
    const unpacked = await runCommand("tar", ["-xzf", join(work, filename), "-C", work, "package/bin/node"]);
    if (unpacked.code !== 0) throw new Error(`cannot unpack ${filename}: ${unpacked.stderr}`);
    for (const path of [work, "package", "package/bin"]) chmodSync(join(work, path === work ? "" : path), 0o755);
    await rename(join(work, "package"), target);
    return bin;
  } finally {
    forget();
    rmSync(work, { recursive: true, force: true });
  }
}
