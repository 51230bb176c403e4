import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { atExit, type Owner } from "./at-exit.js";
import { Child } from "./child.js";
import { runCommand, type Finished } from "./command.js";
import { fixture, projectPath } from "./paths.js";
import { asPid1, namespaceOf, needsRoot, type Namespace } from "./pid1.js";
import { until } from "./until.js";

/** A busy machine takes its time to start all that. */
const BOOT_LIMIT = 60_000;

const hierarchy = cgroup2();

/** Options of a test that needs a host of its own: skips it, and says why, where there can be none. */
export const needsSystemdHost: { readonly skip: false | string } = { skip: obstacle() };

function obstacle(): false | string {
  if (needsRoot.skip) return needsRoot.skip;
  if (!["/usr/lib", "/lib"].some((lib) => existsSync(`${lib}/systemd/systemd`))) return "systemd is not installed";
  if (hierarchy === undefined) return "no cgroup2 is mounted";
  try {
    rmdirSync(mkdtempSync(join(hierarchy, "while-leader-")));
    return false;
  } catch (error) {
    return `needs a cgroup2 of its own: ${(error as Error).message}`;
  }
}

/** systemd as PID 1 in namespaces of its own, with this project installed; fixtures/systemd-host.sh says how. */
export class SystemdHost {
  readonly name: string;
  readonly #namespace: Namespace;
  readonly #t: Owner;

  /** @param files a folder with `units/`, `settings/` and `bin/`. Resolves when it is up; it ends with the test. */
  static async boot(t: Owner, name: string, files: string): Promise<SystemdHost> {
    const cgroup = mkdtempSync(join(hierarchy ?? "", "while-leader-"));
    const forget = atExit(() => {
      writeFileSync(join(cgroup, "cgroup.kill"), "1");
      // Nobody waits any more for those who were killed to be gone.
      for (let look = 0; look < 100 && !removeTree(cgroup); look++) spawnSync("sleep", ["0.01"]);
    });
    t.teardown(async () => {
      await until("the host's cgroups to be empty", () => removeTree(cgroup));
      forget();
    });
    const enter = ["-c", `echo $$ >${cgroup}/cgroup.procs && exec "$@"`, "sh"];
    const own = [...asPid1, "--cgroup", "--uts", "--ipc", fixture("systemd-host.sh")];
    const child = new Child("sh", [...enter, ...own, name, files, projectPath(""), process.execPath], { t });
    const host = new SystemdHost(t, name, await namespaceOf(child));
    const isUp = async (): Promise<boolean> => {
      if (child.hasExited) throw new Error(`${name} did not come up: ${child.stderr}`);
      return /^(running|degraded)$/m.test((await host.run("systemctl", "is-system-running")).stdout);
    };
    await until(`${name} to be up`, isUp, { timeoutMs: BOOT_LIMIT, everyMs: 100 });
    return host;
  }

  private constructor(t: Owner, name: string, namespace: Namespace) {
    this.#t = t;
    this.name = name;
    this.#namespace = namespace;
  }

  /** Runs a command there, as its root. */
  run(...command: readonly string[]): Promise<Finished> {
    const entered = [`--target=${this.#namespace.init}`, "--pid", "--mount", "--", ...command];
    return runCommand("nsenter", entered, { env: { PATH: process.env.PATH, SYSTEMD_PAGER: "" } });
  }

  /** What a unit has written and systemd has said of it, from the beginning and as it comes. */
  journal(unit: string): Child {
    return this.#namespace.enter(["journalctl", "--follow", "--lines=all", "--output=cat", `--unit=${unit}`], this.#t);
  }

  /** One of a unit's properties. */
  async show(unit: string, property: string): Promise<string> {
    return (await this.run("systemctl", "show", "--value", `--property=${property}`, unit)).stdout.trim();
  }

  /** The processes there whose command line matches, by their pids out here. */
  pids(command: RegExp): number[] {
    return this.#namespace.members().flatMap(({ pid }) => (command.test(commandLine(pid)) ? [pid] : []));
  }
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "latin1").replaceAll("\0", " ");
  } catch {
    return ""; // gone meanwhile
  }
}

/** @returns whether it is gone, which it cannot be before everything in it has ended. */
function removeTree(cgroup: string): boolean {
  try {
    for (const entry of readdirSync(cgroup, { withFileTypes: true }))
      if (entry.isDirectory()) removeTree(join(cgroup, entry.name));
    rmdirSync(cgroup);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT";
  }
}

function cgroup2(): string | undefined {
  try {
    return /^\S+ (\S+) cgroup2 /m.exec(readFileSync("/proc/mounts", "utf8"))?.[1];
  } catch {
    return undefined; // no Linux
  }
}
