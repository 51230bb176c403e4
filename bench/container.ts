import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { atExit } from "../test/helpers/at-exit.js";
import { runCommand } from "../test/helpers/command.js";
import { projectPath } from "../test/helpers/paths.js";
import { until } from "../test/helpers/until.js";

/** A container engine, with an image that has nothing of its own: it sees the programs of this host, and this project. */
export interface Engine {
  /** Starts a container whose PID 1 is this command. */
  run(words: readonly string[]): Promise<Container>;
  /** Leaves no image and no container behind. */
  close(): void;
}

export interface Container {
  /** Resolves when it has written this, to stdout or stderr. */
  wrote(text: string): Promise<void>;
  /** `docker stop`: resolves when it is gone. */
  stop(): Promise<void>;
  remove(): Promise<void>;
}

const START_LIMIT = 60_000; // ms

/** The engine that the `docker` in PATH speaks with; undefined without one. */
export async function containerEngine(folder: string): Promise<Engine | undefined> {
  if ((await runCommand("docker", ["version"])).code !== 0) return undefined;
  const image = `while-leader-bench-${randomUUID()}`;
  await makeImage(image, join(folder, image));
  const names = new Set<string>();
  const clear = () => {
    if (names.size > 0) spawnSync("docker", ["rm", "--force", ...names]);
    spawnSync("docker", ["rmi", "--force", image]);
  };
  const forget = atExit(clear);
  const mounts = ["/usr", "/etc", process.execPath, projectPath(".")].map((path) => `--volume=${path}:${path}:ro`);
  return {
    async run(words) {
      const name = `while-leader-bench-${randomUUID()}`;
      names.add(name);
      await docker("run", "--detach", "--network=host", `--name=${name}`, ...mounts, image, ...words);
      return {
        async wrote(text) {
          const logs = async () => Object.values(await runCommand("docker", ["logs", name])).join("\n");
          const look = async () => (await logs()).includes(text);
          await until(`"${text}"`, look, { timeoutMs: START_LIMIT, everyMs: 100 }).catch(async (error) => {
            throw new Error(`${error}\n${await logs()}`, { cause: error });
          });
        },
        async stop() {
          await docker("stop", name);
        },
        async remove() {
          await docker("rm", "--force", name);
          names.delete(name);
        },
      };
    },
    close() {
      clear();
      forget();
    },
  };
}

/** Of links into the host's /usr, as Debian has them. */
async function makeImage(image: string, root: string): Promise<void> {
  for (const path of ["usr", "etc", "proc", "tmp"]) mkdirSync(join(root, path), { recursive: true });
  for (const path of ["bin", "sbin", "lib", "lib64"]) symlinkSync(`usr/${path}`, join(root, path));
  const file = `${root}.tar`;
  const { code, stderr } = await runCommand("tar", ["--create", `--file=${file}`, `--directory=${root}`, "."]);
  if (code !== 0) throw new Error(`tar: ${stderr}`);
  await docker("import", file, image);
}

async function docker(...args: readonly string[]): Promise<void> {
  const { code, stderr } = await runCommand("docker", args);
  if (code !== 0) throw new Error(`docker ${args[0]}: ${stderr.trim()}`);
}
