import { randomUUID } from "node:crypto";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { atExit } from "../test/helpers/at-exit.js";
import { killRow, kin } from "../test/helpers/processes.js";

const MARKER = "DEMO_OF_WHILE_LEADER";
const END_LIMIT = 5_000; // ms

/**
 * All that this program leaves on the machine: processes, known by a variable that they inherit, and one folder.
 * However the program ends, short of SIGKILL, they are gone afterwards.
 */
export class Footprint {
  readonly folder: string;
  readonly #marker: string;

  constructor() {
    const run = randomUUID();
    this.#marker = `${MARKER}=${run}`;
    process.env[MARKER] = run;
    // No signal can come between the folder and the promise to remove it.
    this.folder = mkdtempSync(join(tmpdir(), "while-leader-demo-"));
    atExit(() => this.#erase());
  }

  /** What is there now, in words; nothing when all is gone. */
  remains(): string[] {
    const processes = kin(this.#marker, []).map(({ pid }) => `process ${pid}`);
    return existsSync(this.folder) ? [...processes, this.folder] : processes;
  }

  removeFolder(): void {
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 });
  }

  #erase(): void {
    const deadline = performance.now() + END_LIMIT;
    // Twice nobody: a process shows no variables for the moment in which it becomes another program.
    for (let nobody = 0; nobody < 2 && performance.now() < deadline;) {
      const living = kin(this.#marker, []);
      living.forEach(killRow);
      nobody = living.length === 0 ? nobody + 1 : 0;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2);
    }
    this.removeFolder();
  }
}
