import { NEVER } from "./abort.js";
import type { Clock } from "./clock.js";
import type { Milliseconds } from "./duration.js";
import { messageOf } from "./failure.js";
import type { Log } from "./log.js";
import type { Workload } from "./workload.js";

/** Looking for what is left of a workload starts quickly and slows down. */
const [FIRST_LOOK, LONGEST_LOOK] = [5, 100] as const;

/** What is there of a workload, until nothing is. */
export class Remains {
  readonly #workload: Workload;
  readonly #clock: Clock;
  readonly #log: Log;
  /** What kept us from seeing its processes, the last time we looked. */
  #blind = "";
  #gone = false;

  constructor(workload: Workload, { clock, log }: { readonly clock: Clock; readonly log: Log }) {
    this.#workload = workload;
    this.#clock = clock;
    this.#log = log;
  }

  /** Resolves when no process of it is left. */
  async gone(): Promise<void> {
    for await (const _ of this.#looks()) {
      this.#gone = this.#count() === 0;
      if (this.#gone) return;
    }
  }

  /** SIGTERM to what there is. */
  terminate(): void {
    if (!this.#gone) this.#workload.terminate();
  }

  /** SIGKILL to all of it until it is gone: a process can fork while it is being killed, so once is not enough. */
  async kill(): Promise<void> {
    this.#log("warn", "killing", { processes: this.#workload.kill() });
    for await (const _ of this.#looks()) {
      if (this.#gone) return;
      this.#workload.kill();
    }
  }

  /** How many processes are left; undefined if nobody can tell now, which is not none. */
  #count(): number | undefined {
    try {
      const count = this.#workload.alive().length;
      this.#blind = "";
      return count;
    } catch (error) {
      const message = messageOf(error);
      if (message !== this.#blind) this.#log("warn", "blind", { error: message });
      this.#blind = message;
      return undefined;
    }
  }

  async *#looks(): AsyncGenerator<void> {
    for (let pause: Milliseconds = FIRST_LOOK; ; pause = Math.min(pause * 2, LONGEST_LOOK)) {
      yield;
      await this.#clock.sleep(pause, NEVER);
    }
  }
}
