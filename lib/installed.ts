import { readFileSync } from "node:fs";
import { join } from "node:path";

// Here alone, and only in files of this very folder, a path is the same from `dist/lib/` and from the bundle in it.

/** The guard's program. In one file: to load it costs a megabyte and 10 ms less than to load its modules. */
export const GUARD_PROGRAM = join(import.meta.dirname, "guard/guard-main.cjs");

/** Our version. */
export function version(): string {
  const text = readFileSync(join(import.meta.dirname, "../../package.json"), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}
