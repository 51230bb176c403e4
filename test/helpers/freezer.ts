import { mkdtempSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { atExit, type Owner } from "./at-exit.js";
import { until } from "./until.js";

/** The two kinds of cgroups freeze differently: of version 1 whoever is frozen cannot even be killed. */
export type FreezerVersion = "v1" | "v2";

interface Kind {
  readonly file: string;
  readonly frozen: string;
  readonly thawed: string;
  /** Where to look whether it is done, and for what. */
  readonly state: string;
  readonly isFrozen: RegExp;
}

const KINDS: Readonly<Record<FreezerVersion, Kind>> = {
  v1: { file: "freezer.state", frozen: "FROZEN", thawed: "THAWED", state: "freezer.state", isFrozen: /^FROZEN/ },
  v2: { file: "cgroup.freeze", frozen: "1", thawed: "0", state: "cgroup.events", isFrozen: /^frozen 1/m },
};

/** A cgroup of our own, to stop everything in it at once, as `docker pause` does. */
export class Freezer {
  /** What to start something under, so that it and all that it starts is in here. */
  readonly under: readonly string[];
  readonly #t: Owner;
  readonly #folder: string;
  readonly #kind: Kind;

  constructor(version: FreezerVersion, t: Owner) {
    this.#t = t;
    this.#kind = KINDS[version];
    this.#folder = mkdtempSync(join(hierarchies[version] ?? "", "while-leader-"));
    this.under = ["sh", "-c", `echo $$ >${this.#folder}/cgroup.procs && exec "$@"`, "sh"];
    const forget = atExit(() => this.#clear());
    t.teardown(async () => {
      await until("the cgroup to be empty", () => this.#clear());
      forget();
    });
  }

  /** Brings in a process that runs already; what it starts from then on is in here as well. */
  add(pid: number): void {
    this.#write("cgroup.procs", `${pid}`);
  }

  /** Resolves when nothing in it runs any more. */
  async freeze(): Promise<void> {
    // Before the ends of those who were started since the freezer was made: frozen they cannot come.
    this.#t.teardown(() => this.thaw());
    this.#write(this.#kind.file, this.#kind.frozen);
    await until("all of it to be frozen", () => this.#kind.isFrozen.test(this.#read(this.#kind.state)), { everyMs: 1 });
  }

  thaw(): void {
    this.#write(this.#kind.file, this.#kind.thawed);
  }

  /** @returns whether it is gone, which it cannot be before everything in it has ended. */
  #clear(): boolean {
    try {
      this.thaw();
      for (const pid of this.#read("cgroup.procs").split("\n").filter(Boolean)) process.kill(Number(pid), "SIGKILL");
      rmdirSync(this.#folder);
      return true;
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === "ENOENT";
    }
  }

  #write(file: string, text: string): void {
    writeFileSync(join(this.#folder, file), text);
  }

  #read(file: string): string {
    return readFileSync(join(this.#folder, file), "utf8");
  }
}

const hierarchies: Readonly<Record<FreezerVersion, string | undefined>> = {
  v1: mounted(/^\S+ (\S+) cgroup \S*\bfreezer\b/m),
  v2: mounted(/^\S+ (\S+) cgroup2 /m),
};

/** Options of a test that needs one: skips it, and says why, where nobody lets us have it. */
export function needsFreezer(version: FreezerVersion): { readonly skip: false | string } {
  const hierarchy = hierarchies[version];
  if (hierarchy === undefined) return { skip: `no freezer of cgroup ${version} is mounted` };
  try {
    const place = mkdtempSync(join(hierarchy, "while-leader-"));
    try {
      writeFileSync(join(place, KINDS[version].file), KINDS[version].thawed);
    } finally {
      rmdirSync(place);
    }
    return { skip: false };
  } catch (error) {
    return { skip: `needs a cgroup ${version} of its own, as root: ${(error as Error).message}` };
  }
}

/** Where the first file system that matches is mounted. */
function mounted(which: RegExp): string | undefined {
  try {
    return which.exec(readFileSync("/proc/mounts", "utf8"))?.[1];
  } catch {
    return undefined; // no Linux
  }
}
