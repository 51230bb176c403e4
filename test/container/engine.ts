import { runCommand, type Finished } from "../helpers/command.js";

/** What `prepare.ts` builds, and the tests run: Dockerfile.example, and the etcd that the other tests use too. */
export const IMAGES = { example: "while-leader-test/example", etcd: "while-leader-test/etcd" };

// An image that is built from nothing fetches packages.
const BUILD_LIMIT = 900_000;
const LIMIT = 120_000;

/** Runs docker(1), which finds its engine as for anybody else: DOCKER_HOST, a context, or this machine's socket. Never rejects. */
export function tryDocker(...args: string[]): Promise<Finished> {
  return runCommand("docker", args, { timeoutMs: args[0] === "build" ? BUILD_LIMIT : LIMIT });
}

/** The same, resolving with what it prints; rejects with what it says when it fails. */
export async function docker(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await tryDocker(...args);
  if (code !== 0) throw new Error(`docker ${args.join(" ")}: status ${code}: ${stderr.trim().slice(-2_000)}`);
  return stdout.trim();
}

/** Builds an image. CONTAINER_BUILD_FLAGS are for machines on which a build reaches no registry without, such as "--network host". */
export function buildImage(
  tag: string,
  dockerfile: string,
  context: string,
  more: readonly string[] = [],
): Promise<string> {
  const flags = (process.env.CONTAINER_BUILD_FLAGS ?? "").split(" ").filter(Boolean);
  return docker("build", "--quiet", ...flags, ...more, "--tag", tag, "--file", dockerfile, context);
}

/** Why there is no engine; undefined if there is one. */
export async function noEngine(): Promise<string | undefined> {
  const { code, stderr } = await tryDocker("version", "--format", "{{.Server.Version}}");
  return code === 0 ? undefined : (stderr.trim().split("\n").at(-1) ?? `status ${code}`);
}
