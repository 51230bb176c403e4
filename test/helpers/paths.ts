import { fileURLToPath } from "node:url";

// Tests run from dist/test/; fixtures, caches and the package itself are in the source tree above it.
const root = new URL("../../../", import.meta.url);

/** A path in the project, named from its root. */
export function projectPath(name: string): string {
  return fileURLToPath(new URL(name, root));
}

/** A file of test/fixtures/ in the source tree: these are never compiled. */
export function fixture(name: string): string {
  return projectPath(`test/fixtures/${name}`);
}
