import { fork, type ChildProcess } from "node:child_process";
import { atExit } from "../../test/helpers/at-exit.js";
import { environmentWithout } from "../../test/helpers/command.js";
import type { EtcdCluster } from "../../test/helpers/etcd-server.js";
import { until } from "../../test/helpers/until.js";
import type { Order, Seat, Told } from "./host.js";

/** Who plays, and how long it is looked at when nothing happens. */
export interface Cast {
  readonly etcd: EtcdCluster;
  /** Of each lease, in ms. */
  readonly ttl: number;
  /** Processes that the candidates are spread over. */
  readonly processes: number;
  readonly rest: number;
}

// As long as a start of thousands takes on a slow machine.
const QUEUED_LIMIT = 120_000; // ms
const NEXT_LIMIT = 30_000; // ms

/** Candidates in a few processes. */
export class Crowd {
  readonly #hosts: readonly ChildProcess[];
  readonly #seats: readonly Seat[];
  readonly #there: Set<number>;
  readonly #leaders = new Map<string, number>();
  #told: Told[] = [];
  readonly #forget: () => void;

  /** Resolves when every candidate stands in its queue, and each election has a leader. */
  static async start(elections: readonly string[], cast: Cast): Promise<Crowd> {
    const crowd = new Crowd(elections, cast);
    await until("all candidates to stand in their queues", () => crowd.count("queued") === elections.length, {
      timeoutMs: QUEUED_LIMIT,
    });
    await until("leaders", () => crowd.#leaders.size === new Set(elections).size, { timeoutMs: QUEUED_LIMIT });
    const lost = crowd.count("lost") + crowd.count("rejoining");
    if (lost > 0) throw new Error(`${lost} places were lost while the candidates came: too many for this machine`);
    return crowd;
  }

  /** @param elections one for each candidate. */
  private constructor(elections: readonly string[], { etcd, ttl, processes }: Cast) {
    const seats: Seat[] = elections.map((election, id) => ({ id, election }));
    this.#seats = seats;
    this.#there = new Set(seats.map(({ id }) => id));
    this.#hosts = Array.from({ length: processes }, (_, index) => {
      const own = seats.filter(({ id }) => id % processes === index);
      const host = fork(new URL("host.js", import.meta.url), { env: environmentWithout("NODE_") });
      host.on("message", (told: Told) => this.#hear(told));
      host.send({ do: "stand", endpoints: etcd.endpoints, ttl, seats: own } satisfies Order);
      return host;
    });
    this.#forget = atExit(() => this.#hosts.forEach((host) => host.kill("SIGKILL")));
  }

  get pids(): readonly number[] {
    return this.#hosts.map(({ pid }) => pid ?? -1);
  }

  /** How many have not withdrawn. */
  get size(): number {
    return this.#there.size;
  }

  /** How often that was told since `forgetTold`. */
  count(event: string): number {
    return this.#told.filter((each) => each.event === event).length;
  }

  forgetTold(): void {
    this.#told = [];
  }

  /** The leader withdraws. @returns milliseconds from just before that until another one is elected. */
  async handOver(election: string): Promise<number> {
    const leader = this.#leaders.get(election);
    if (leader === undefined) throw new Error(`nobody leads ${election}`);
    this.#leaders.delete(election);
    this.#leave(leader);
    const next = await until(`a next leader of ${election}`, () => this.#leaders.get(election), {
      timeoutMs: NEXT_LIMIT,
      everyMs: 1,
    }).catch((error) => {
      throw new Error(`${error}; since the last count: ${this.#history(election)}`, { cause: error });
    });
    return this.#when("elected", next) - this.#when("withdrawing", leader);
  }

  /** One that does not lead withdraws. @returns milliseconds from just before that until the one behind it has seen it. */
  async closeUp(id: number): Promise<number> {
    const before = this.count("standby");
    this.#leave(id);
    await until("the one behind to move up", () => this.count("standby") > before, {
      timeoutMs: NEXT_LIMIT,
      everyMs: 1,
    });
    return this.#when("standby") - this.#when("withdrawing", id);
  }

  #leave(id: number): void {
    this.#there.delete(id);
    this.#hosts[id % this.#hosts.length]?.send({ do: "withdraw", id } satisfies Order);
  }

  /** Kills the processes; what they leave behind runs out by itself. */
  async end(): Promise<void> {
    await Promise.all(
      this.#hosts.map(async (host) => {
        const gone = new Promise((resolve) => host.once("exit", resolve));
        host.kill("SIGKILL");
        await gone;
      }),
    );
    this.#forget();
  }

  #hear(told: Told): void {
    this.#told.push(told);
    const election = this.#seats[told.id]?.election;
    if (told.event === "elected" && election !== undefined) this.#leaders.set(election, told.id);
  }

  #history(election: string): string {
    const own = this.#told.filter(({ id }) => this.#seats[id]?.election === election);
    return own.map(({ id, event, at }) => `${Math.round(at)} ${event} (${id})`).join(", ");
  }

  #when(event: string, id?: number): number {
    return this.#told.findLast((each) => each.event === event && (id ?? each.id) === each.id)?.at ?? NaN;
  }
}
