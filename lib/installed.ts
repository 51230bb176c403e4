import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

// Here alone, and only in files of this very folder, a path is the same from `dist/lib/` and from the bundle in it.

/** The guard's program. In one file: to load it costs a megabyte and 10 ms less than to load its modules. */
export const GUARD_PROGRAM = fileURLToPath(new URL("./guard/guard-main.cjs", import.meta.url));

/** Our version. */
export function version(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}
