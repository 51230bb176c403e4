import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { environmentWithout, runCommand } from "../../test/helpers/command.js";
import { onPath } from "../../test/helpers/etcd-binaries.js";
import { projectPath } from "../../test/helpers/paths.js";
import { sizeOf } from "../disk.js";
import { atMost, type Part, type Rig } from "../part.js";
import type { Table } from "../table.js";
import { sized } from "../units.js";

const MOST = 6e6; // bytes, with all that it depends on

export const size: Part = {
  name: "size",
  async measure(rig) {
    const { tarball, unpacked, whole, packages } = await installed(rig);
    const peers = await Promise.all(["tini", "dumb-init"].map(async (name) => ({ name, file: await onPath(name) })));
    const files = [
      ...peers,
      { name: "etcdctl", file: rig.binaries.etcdctl },
      { name: "node, which we need", file: process.execPath },
    ].map(({ name, file }) => ({ name, bytes: file === undefined ? undefined : sizeOf(file) }));
    const table: Table = {
      headings: ["what", "size:", "packages:"],
      rows: [
        ["while-leader as installed, dependencies too", sized(whole), String(packages)],
        ["of that its own files", sized(unpacked), "1"],
        ["its tarball", sized(tarball), ""],
        ...files.map(({ name, bytes }) => [name, bytes === undefined ? "not installed" : sized(bytes), ""]),
      ],
    };
    const bars = [
      { label: "while-leader as installed", value: whole, ours: true },
      ...files.flatMap(({ name, bytes }) => (bytes === undefined ? [] : [{ label: name, value: bytes }])),
    ];
    return {
      note: "npm pack, then npm install --omit=dev of the tarball; of the others the binary alone",
      tables: [table],
      goals: [atMost("as installed, dependencies too", MOST, whole, sized)],
      charts: [{ title: "Size on disk", bars, log: true, show: sized }],
    };
  },
};

/** Packs what was built, and installs that as a user would. */
async function installed({ folder }: Rig) {
  const place = join(folder, "installed");
  mkdirSync(place);
  // Without the scripts: they would build anew what is being measured by the others.
  const pack = ["pack", "--ignore-scripts", "--json", `--pack-destination=${folder}`];
  const [packed] = JSON.parse(await npm(pack, projectPath("."))) as [{ filename: string }];
  const tarball = join(folder, packed.filename);
  writeFileSync(join(place, "package.json"), "{}\n");
  await npm(["install", "--omit=dev", "--prefer-offline", "--no-audit", "--no-fund", tarball], place);
  const modules = join(place, "node_modules");
  const { packages } = JSON.parse(readFileSync(join(modules, ".package-lock.json"), "utf8")) as { packages: object };
  return {
    tarball: sizeOf(tarball),
    unpacked: sizeOf(join(modules, "while-leader")),
    whole: sizeOf(modules),
    packages: Object.keys(packages).length,
  };
}

const NPM_LIMIT = 120_000; // ms; a registry that is slow

async function npm(args: readonly string[], cwd: string): Promise<string> {
  // Of the npm that runs the benchmarks it would take its settings for this project.
  const env = environmentWithout("npm_", "NODE_OPTIONS");
  const { code, stdout, stderr } = await runCommand("npm", args, { cwd, env, timeoutMs: NPM_LIMIT });
  if (code !== 0) throw new Error(`npm ${args[0]}: ${stderr.trim().split("\n").slice(0, 3).join(" ")}`);
  return stdout;
}
