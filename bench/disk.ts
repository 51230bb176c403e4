import { lstatSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";

/** Bytes of a file, with links followed, or of all the files below a folder, without. */
export function sizeOf(path: string): number {
  const status = statSync(path);
  if (!status.isDirectory()) return status.size;
  return readdirSync(path, { recursive: true, encoding: "utf8" })
    .map((name) => lstatSync(join(path, name)))
    .reduce((sum, each) => sum + (each.isFile() ? each.size : 0), 0);
}
