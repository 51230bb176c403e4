import { startWrapper, type LogEvent, type Wrapper } from "../test/helpers/wrapper.js";
import type { Style } from "./look.js";
import type { Doing, Row, Stretch } from "./time-line.js";

export interface CandidateOptions {
  readonly name: string;
  readonly style: Style;
  /** Arguments for while-leader. */
  readonly args: readonly string[];
}

/** A moment, on the clock of `performance.now()`, and what was learnt in it. */
export interface Fact<T> {
  readonly at: number;
  readonly value: T;
}

const SURROUNDINGS = {
  // Not in the terminal's group: Ctrl-C is for this program alone, which then ends all others.
  detached: true,
  // A proxy that is set for the world outside cannot lead to an etcd in here, but gRPC would ask it.
  env: { no_grpc_proxy: "127.0.0.1" },
} as const;

interface Life {
  readonly wrapper: Wrapper;
  readonly from: number;
  to?: number;
}

/** Somebody who wants to lead: one while-leader after another, under one name. */
export class Candidate {
  readonly name: string;
  readonly style: Style;
  readonly #args: readonly string[];
  readonly #lives: Life[] = [];

  constructor({ name, style, args }: CandidateOptions) {
    this.name = name;
    this.style = style;
    this.#args = args;
  }

  start(): void {
    const life: Life = { wrapper: startWrapper(this.#args, SURROUNDINGS), from: performance.now() };
    void life.wrapper.exited.then(({ at }) => (life.to = at));
    this.#lives.push(life);
  }

  /** Resolves when it stands in the queue, with the key before its own. */
  async waits(): Promise<Fact<string>> {
    const event = await this.#event("standby", "did not come to wait in the queue");
    return { at: event.seenAt, value: String(event["behind"]) };
  }

  /** Resolves with the process of its workload when that has printed its first line. */
  async runs(): Promise<Fact<number>> {
    await this.#orFail("did not come to run its workload", this.#wrapper.stdoutLine("running"));
    const at = performance.now();
    return { at, value: Number((await this.#event("started", "did not start its workload")).pid) };
  }

  /** Resolves when its workload was given up on and killed. */
  async kills(): Promise<Fact<void>> {
    const event = await this.#event("killing", "did not kill its workload");
    return { at: event.seenAt, value: undefined };
  }

  /** Resolves when its workload has ended. */
  async ends(): Promise<Fact<void>> {
    const event = await this.#event("exited", "did not see its workload end");
    return { at: event.seenAt, value: undefined };
  }

  /** Resolves with its exit status. */
  async exits(): Promise<Fact<number | string>> {
    const { code, signal, at } = await this.#orFail("did not exit", this.#wrapper.exitedWithin());
    return { at, value: code ?? String(signal) };
  }

  kill(signal: NodeJS.Signals): void {
    this.#wrapper.kill(signal);
  }

  /** The key by which it stands in the queue now. */
  get key(): string | undefined {
    const standing = this.#wrapper.events.findLast(({ event }) => event === "standby" || event === "elected");
    return standing && String(standing["key"]);
  }

  get starts(): number {
    return this.#lives.length;
  }

  /** The processes of all its workloads so far, with the moment in which each was started. */
  get workloads(): Fact<number>[] {
    const started = this.#lives.flatMap(({ wrapper }) => wrapper.events.filter(({ event }) => event === "started"));
    return started.map(({ seenAt, pid }) => ({ at: seenAt, value: Number(pid) }));
  }

  /** What it has done until now. */
  row(now: number): Row {
    return { name: this.name, style: this.style, stretches: this.#lives.flatMap((life) => stretches(life, now)) };
  }

  get #wrapper(): Wrapper {
    const life = this.#lives.at(-1);
    if (!life) throw new Error(`${this.name} was never started`);
    return life.wrapper;
  }

  #event(name: string, failure: string): Promise<LogEvent> {
    return this.#orFail(failure, this.#wrapper.event(name));
  }

  async #orFail<T>(failure: string, wait: Promise<T>): Promise<T> {
    try {
      return await wait;
    } catch (cause) {
      throw new Error(`${this.name} ${failure}`, { cause });
    }
  }
}

function stretches({ wrapper, from, to }: Life, now: number): Stretch[] {
  const firstOf = (...names: string[]): number | undefined =>
    wrapper.events.find(({ event }) => names.includes(event))?.seenAt;
  const end = firstOf("exited") ?? to ?? now;
  const turns: [Doing, number | undefined][] = [
    ["starts", from],
    ["waits", firstOf("standby")],
    ["runs", firstOf("started")],
    ["stops", firstOf("stopping")],
  ];
  const taken = turns.flatMap(([doing, at]) => (at === undefined ? [] : [{ doing, at }]));
  return taken.map(({ doing, at }, index) => ({ doing, from: at, to: taken[index + 1]?.at ?? end }));
}
