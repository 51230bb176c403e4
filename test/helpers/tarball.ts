import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, posix } from "node:path";
import type { Owner } from "./at-exit.js";
import { environmentWithout, runCommand, type CommandOptions } from "./command.js";
import { projectPath } from "./paths.js";

/** What `npm pack` makes of the build as it stands. */
export interface Tarball {
  readonly file: string;
  /** Where it is unpacked. */
  readonly root: string;
  /** Every file in it, as the package has them named. */
  readonly files: readonly string[];
  /** Of the files unpacked, in bytes. */
  readonly size: number;
  readonly manifest: Manifest;
}

/** A package.json, as far as it is read here. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly bin: Readonly<Record<string, string>>;
  readonly man: readonly string[];
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
}

interface Packed {
  readonly filename: string;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string }[];
}

/** Packs what is in dist/ now, without building again, and unpacks it for as long as the owner lives. */
export async function packed(t: Owner): Promise<Tarball> {
  const folder = mkdtempSync(join(tmpdir(), "while-leader-pack-"));
  t.teardown(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  const args = ["pack", "--json", "--ignore-scripts", "--offline", "--pack-destination", folder];
  const [told] = JSON.parse(await npm(args, { cwd: projectPath("") })) as [Packed];
  const file = join(folder, told.filename);
  const root = join(folder, "package");
  mkdirSync(root);
  const { code, stderr } = await runCommand("tar", ["-xzf", file, "-C", folder]);
  if (code !== 0) throw new Error(`cannot unpack ${file}: ${stderr}`);
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Manifest;
  return { file, root, manifest, size: told.unpackedSize, files: told.files.map(({ path }) => path) };
}

/** Runs npm, without what npm or tap above us gave us. @returns what it wrote to stdout. */
export async function npm(args: readonly string[], options: CommandOptions = {}): Promise<string> {
  const env = { ...environmentWithout("npm_", "_TAPJS_", "NODE_OPTIONS"), NODE_OPTIONS: "", ...options.env };
  const { code, stdout, stderr } = await runCommand("npm", args, { timeoutMs: 120_000, ...options, env });
  if (code !== 0) throw new Error(`npm ${args.join(" ")} ended with ${code}: ${stderr}`);
  return stdout;
}

/** Where a package begins: what its `bin` starts and its `man` shows, what its `exports` give to a program and to a compiler. */
export function entriesOf({ bin, man, exports }: Manifest): readonly string[] {
  const exported = Object.values(exports).flatMap((to) => (typeof to === "string" ? to : Object.values(to)));
  return [...Object.values(bin), ...man, ...exported].map((path) => posix.normalize(path));
}

/** What a file of the package imports from beside it, or finds from its own folder, which is `__dirname` in a bundle. */
const LINK =
  /(?:\bfrom|\bimport|\bimport\(|\brequire\()\s*["'](\.[^"']+)["']|\bjoin\)?\(\s*(?:import\.meta\.dirname|__dirname),\s*["']([^"']+\.\w+)["']/g;
/** What the program's entry loads first. */
const LOADED = /\bload\(path\.join\(lib, ["']([^"']+)["']\)\)/g;

/** The files that can be reached from those, each with who names it; also such as are not there. */
export function reachable(root: string, entries: readonly string[]): ReadonlyMap<string, string> {
  const reached = new Map<string, string>();
  const follow = (path: string, from: string): void => {
    if (reached.has(path)) return;
    reached.set(path, from);
    if (!/\.[cm]?[jt]s$/.test(path) || !existsSync(join(root, path))) return;
    const text = readFileSync(join(root, path), "utf8");
    for (const [, imported, found] of text.matchAll(LINK)) {
      const beside = posix.join(posix.dirname(path), imported ?? found ?? "");
      follow(path.endsWith(".d.ts") ? beside.replace(/\.js$/, ".d.ts") : beside, path);
    }
    for (const [, file = ""] of text.matchAll(LOADED)) follow(posix.join("dist/lib", file), path);
  };
  for (const path of entries) follow(path, "package.json");
  return reached;
}
