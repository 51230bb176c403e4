import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { systemClock } from "../lib/clock.js";
import { openGuard } from "../lib/guard/guard.js";
import type { Log } from "../lib/log.js";
import { Child } from "../test/helpers/child.js";
import { environmentWithout } from "../test/helpers/command.js";
import type { EtcdCluster } from "../test/helpers/etcd-server.js";
import { until } from "../test/helpers/until.js";
import { startWrapper, type Wrapper } from "../test/helpers/wrapper.js";
import { TTL } from "./contestants.js";
import { memoryOf, type Memory } from "./memory.js";
import type { Rig } from "./part.js";

/** A process and what it took to have it. */
export interface Cost extends Memory {
  /** Milliseconds from the start of it to its first word, as whoever started it saw them. */
  readonly ready: number;
}

export interface Costs {
  /** Of while-leaders. */
  readonly guards: readonly Cost[];
  /** Milliseconds until a guard was ready that was started by somebody who has nothing else to do. */
  readonly alone: readonly number[];
  /** A Node that says one word and waits. */
  readonly bares: readonly Cost[];
}

// What a guard keeps of each renewal, if anything, it has kept of more in a short time.
const SHORT_TTL = 4; // s
// Long enough for the first renewal of which a guard is told, after 2 s.
const SETTLED = 2_500; // ms
const HOUR = "3600"; // s; no run is longer, and none leaves anything behind for good
const BARE = 'process.stdout.write("ready\\n"); setInterval(() => {}, 1e9);';

/** Starts guards and bare Nodes in turns, one at a time. */
export async function costs(etcd: EtcdCluster, runs: number, progress?: Rig["progress"]): Promise<Costs> {
  const [guards, alone, bares]: [Cost[], number[], Cost[]] = [[], [], []];
  for (let run = 0; run < runs; run++) {
    const pair = [await Held.start(etcd), await Bare.start()] as const;
    await pause(SETTLED);
    guards.push(pair[0].cost());
    bares.push(pair[1].cost());
    await Promise.all(pair.map((one) => one.end()));
    alone.push(await aloneReady());
    progress?.(run + 1, runs);
  }
  return { guards, alone, bares };
}

/** A while-leader that leads and runs a workload, and so has a guard that holds it. */
export class Held {
  readonly #wrapper: Wrapper;
  readonly #guard: number;
  readonly #ready: number;

  static async start(etcd: EtcdCluster, ttl = TTL): Promise<Held> {
    const options = ["-v", "--election", `bench-${randomUUID()}`, "--ttl", `${ttl}s`];
    const wrapper = startWrapper([...options, ...etcd.flags, "--", "sleep", HOUR], { detached: true });
    try {
      await wrapper.event("started");
      const { pid, took } = await wrapper.event("guarded");
      return new Held(wrapper, Number(pid), Number(took));
    } catch (error) {
      await wrapper.end();
      throw error;
    }
  }

  private constructor(wrapper: Wrapper, guard: number, ready: number) {
    this.#wrapper = wrapper;
    this.#guard = guard;
    this.#ready = ready;
  }

  /** What its guard costs now. */
  cost(): Cost {
    return { ready: this.#ready, ...memoryOf(this.#guard) };
  }

  end(): Promise<void> {
    return this.#wrapper.end();
  }
}

/** Starts one that is told of many renewals, to be looked at much later. */
export function longHeld(etcd: EtcdCluster): Promise<Held> {
  return Held.start(etcd, SHORT_TTL);
}

async function aloneReady(): Promise<number> {
  const from = performance.now();
  let ready: number | undefined;
  const log: Log = (_level, event) => {
    if (event === "guarded") ready = performance.now() - from;
  };
  const guard = openGuard(undefined, { clock: systemClock(), log, logOptions: { format: "text", level: "error" } });
  try {
    return await until("a guard", () => ready, { everyMs: 5 });
  } finally {
    await guard.close();
  }
}

class Bare {
  readonly #node: Child;
  readonly #ready: number;

  static async start(): Promise<Bare> {
    const from = performance.now();
    const node = new Child(process.execPath, ["-e", BARE], { env: environmentWithout("NODE_") });
    await node.stdoutLine("ready");
    return new Bare(node, performance.now() - from);
  }

  private constructor(node: Child, ready: number) {
    this.#node = node;
    this.#ready = ready;
  }

  cost(): Cost {
    return { ready: this.#ready, ...memoryOf(this.#node.pid) };
  }

  end(): Promise<void> {
    return this.#node.end();
  }
}
