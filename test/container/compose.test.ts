import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import t, { type Test } from "tap";
import { parse } from "yaml";
import { atExit } from "../helpers/at-exit.js";
import { runCommand, type Finished } from "../helpers/command.js";
import { projectPath } from "../helpers/paths.js";
import { until } from "../helpers/until.js";
import { pageOf, uniqueName } from "./container.js";
import { docker, IMAGES } from "./engine.js";

const FILE = projectPath("examples/compose/compose.yaml");
const LIMIT = 120_000;

const COMPOSE = await composeCommand();
const options = { skip: COMPOSE ? false : "there is neither `docker compose` nor `docker-compose` here" };

await t.test("compose.yaml: its times fit those of while-leader", { ...options }, async (t) => {
  const project = openProject(t);
  const { services } = parse(await project.done("config")) as { services: { web: { stop_grace_period: string } } };
  const [minutes = "0", seconds = "0"] = /^(?:(\d+)m)?(\d+)s$/.exec(services.web.stop_grace_period)?.slice(1) ?? [];
  t.ok(Number(minutes ?? 0) * 60 + Number(seconds) >= 10, "8 s of --kill-after and 2 s to resign");
});

await t.test("compose.yaml: two are started, both are healthy, and one of them serves", { ...options }, async (t) => {
  const project = openProject(t);
  await project.done("up", "--detach", "--no-build", "--scale", "web=2");
  const replicas = await until("two replicas", async () => {
    const ids = (await project.done("ps", "-q", "web")).split("\n").filter(Boolean);
    return ids.length === 2 && ids;
  });
  for (const id of replicas) await healthy(id);
  const first = await serving(replicas);
  t.equal(await pageOf(first), `served by ${await hostName(first)}`);
  t.equal(await leader(replicas), await hostName(first), "its identity is its host name");
  await docker("stop", first);
  t.equal(await docker("inspect", "--format", "{{.State.ExitCode}}", first), "0");
  const second = await serving(replicas.filter((id) => id !== first));
  t.equal(await leader([second]), await hostName(second));
  await project.done("down", "--volumes");
});

/** The example, with the test's images in place of those that a registry has. */
function openProject(t: Test) {
  const folder = mkdtempSync(join(tmpdir(), "while-leader-compose-"));
  const override = join(folder, "override.yaml");
  writeFileSync(
    override,
    JSON.stringify({ services: { web: { image: IMAGES.example }, etcd: { image: IMAGES.etcd } } }),
  );
  const name = uniqueName("compose");
  const [file, ...words] = [...(COMPOSE ?? []), "--project-name", name, "--file", FILE, "--file", override];
  const down = [...words, "down", "--volumes", "--timeout", "0"];
  const forget = atExit(() => spawnSync(file, down, { stdio: "ignore" }));
  t.teardown(async () => {
    await runCommand(file, down, { timeoutMs: LIMIT });
    rmSync(folder, { recursive: true, force: true });
    forget();
  });
  return {
    /** Runs a command of Compose and resolves with what it prints. */
    async done(...args: string[]): Promise<string> {
      const { code, stdout, stderr }: Finished = await runCommand(file, [...words, ...args], { timeoutMs: LIMIT });
      if (code !== 0) throw new Error(`compose ${args.join(" ")}: status ${code}: ${stderr.slice(-2_000)}`);
      return stdout;
    },
  };
}

/** Compose as it is found here, the plugin or the program; undefined where it is not. */
async function composeCommand(): Promise<readonly string[] | undefined> {
  if ((await runCommand("docker", ["compose", "version"])).code === 0) return ["docker", "compose"];
  return (await runCommand("docker-compose", ["version"])).code === 0 ? ["docker-compose"] : undefined;
}

function healthy(id: string): Promise<unknown> {
  const is = async () => (await docker("inspect", "--format", "{{.State.Health.Status}}", id)) === "healthy";
  return until(`${id} to be healthy`, is, { timeoutMs: LIMIT, everyMs: 500 });
}

/** Whoever of these serves, once somebody does. */
function serving(ids: readonly string[]): Promise<string> {
  const find = async () => {
    const pages = await Promise.all(ids.map(pageOf));
    return ids.find((_, index) => pages[index]?.startsWith("served"));
  };
  return until("somebody to serve", find, { timeoutMs: LIMIT });
}

/** Who leads, asked in the first of these. */
async function leader([id = ""]: readonly string[]): Promise<string> {
  const who = await docker("exec", id, "while-leader", "--election", "web", "--who", "--json");
  return (JSON.parse(who) as { leader: { identity: string } }).leader.identity;
}

function hostName(id: string): Promise<string> {
  return docker("inspect", "--format", "{{.Config.Hostname}}", id);
}
