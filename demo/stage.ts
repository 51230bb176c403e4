import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { EtcdBinaries } from "../test/helpers/etcd-binaries.js";
import { startEtcd, type EtcdCluster } from "../test/helpers/etcd-server.js";
import { projectPath } from "../test/helpers/paths.js";
import { Candidate } from "./candidate.js";
import { FAULT, type Style } from "./look.js";
import type { Screen } from "./screen.js";
import { timeLine, type Mark } from "./time-line.js";
import { verdictOf, type Verdict } from "./verdict.js";

/** How long a workload has between SIGTERM and SIGKILL: long enough to be seen, short enough to be waited for. */
export const KILL_AFTER = 2; // s

export const ELECTION = "demo";

export interface Told {
  /** When it happened; now when not given. */
  readonly at?: number;
  /** That of the act which it begins. */
  readonly letter?: string;
}

/** An etcd, candidates for one election in it, and a record of what they do. */
export class Stage {
  readonly #screen: Screen;
  readonly #etcd: EtcdCluster;
  readonly #beats: string;
  readonly #candidates: Candidate[] = [];
  readonly #marks: Mark[] = [];
  readonly #from = performance.now();

  /** @param folder for everything that is written. */
  static async set(screen: Screen, binaries: EtcdBinaries, folder: string): Promise<Stage> {
    process.env["TMPDIR"] = folder;
    return new Stage(screen, await startEtcd({ binaries }), folder);
  }

  private constructor(screen: Screen, etcd: EtcdCluster, folder: string) {
    this.#screen = screen;
    this.#etcd = etcd;
    this.#beats = join(folder, "beats");
  }

  get endpoint(): string {
    return this.#etcd.endpoints;
  }

  /** Not started yet. */
  candidate(name: string, style: Style, ...workloadOptions: readonly string[]): Candidate {
    const options = ["--election", ELECTION, "--identity", name, "--kill-after", String(KILL_AFTER)];
    const workload = ["sh", projectPath("demo/workload.sh"), this.#beats, ...workloadOptions];
    const candidate = new Candidate({ name, style, args: [...options, ...this.#etcd.flags, "--", ...workload] });
    this.#candidates.push(candidate);
    return candidate;
  }

  /** Whoever has that key in the queue. */
  whoHas(key: string): Candidate | undefined {
    return this.#candidates.find((candidate) => candidate.key === key);
  }

  /** A candidate's name as it looks everywhere. */
  name({ name, style }: Candidate): string {
    return this.#screen.look.paint(name, "bold", style);
  }

  /** Says what happened and when: one line for each fact. */
  tell(text: string, { at = performance.now(), letter }: Told = {}): void {
    const { paint } = this.#screen.look;
    if (letter !== undefined) this.#screen.say();
    const seconds = ((at - this.#from) / 1_000).toFixed(1).padStart(5);
    const mark = letter === undefined ? " " : paint(letter, ...FAULT);
    this.#screen.say(text, `${paint(`${seconds} s`, "dim")}  ${mark}  `);
  }

  /** Marks this moment on the candidate's row. */
  mark(candidate: Candidate, letter: string): number {
    const at = performance.now();
    this.#marks.push({ name: candidate.name, letter, at });
    return at;
  }

  /** The time line until now, at a scale that leaves room for `atLeast` milliseconds. */
  picture(atLeast = 0): string[] {
    const { look, width } = this.#screen;
    const now = performance.now();
    const rows = this.#candidates.map((candidate) => candidate.row(now));
    const frame = { ...look, width, from: this.#from, to: Math.max(now, this.#from + atLeast) };
    return timeLine(rows, this.#marks, frame);
  }

  get whileLeaders(): number {
    return this.#candidates.reduce((sum, { starts }) => sum + starts, 0);
  }

  /** The process of each workload that was started, first one first. */
  get workloads(): number[] {
    const all = this.#candidates.flatMap(({ workloads }) => workloads);
    return all.toSorted((a, b) => a.at - b.at).map(({ value }) => value);
  }

  /** What the workloads themselves have written down. */
  verdict(): Verdict {
    return verdictOf(readFileSync(this.#beats, "utf8"));
  }

  async stopEtcd(): Promise<void> {
    await this.#etcd.stop();
  }
}
