import type { Address } from "../address.js";
import type { Clock } from "../clock.js";
import type { Milliseconds } from "../duration.js";
import { messageOf } from "../failure.js";
import type { Log } from "../log.js";
import type { Roll } from "../roll.js";
import { rollFields } from "../roll.js";
import type { Phase } from "../states.js";
import type { Build, Metrics } from "./metrics.js";
import type { Answer, Server } from "./server.js";
import { openServer, plain } from "./server.js";
import type { Fact, Standing } from "./standing.js";
import { AT_FIRST, isReady, standingAfter } from "./standing.js";

/** Tells others over HTTP how we are. */
export interface Status {
  /** Where it is to be asked. */
  readonly address: Address;
  /** The same log; what it is told, at any level, is heard here too. */
  heard(log: Log): Log;
  /** The lifecycle is in this phase now. */
  entered(phase: Phase): void;
  close(): void;
}

/** Reads who leads and who waits. */
export interface Rolls {
  read(): Promise<Roll>;
  close(): void;
}

/** Who we are. */
export interface Candidate extends Omit<Build, "version"> {
  readonly version: string;
  /** Left out without an election. */
  readonly rolls?: Rolls;
}

/** A scraper asks every few seconds. Whoever floods us with questions gets the same text, which costs us less. */
const FRESH_FOR: Milliseconds = 200;
/** Nor is etcd to be asked by whoever floods us. */
const ROLL_FOR: Milliseconds = 1_000;
/** Then there is a while before the next thing to do, or the command runs already: prom-client may be loaded. */
const IDLE = new Set(["standby", "started", "unreachable"]);

/**
 * Answers `/livez`, `/readyz`, `/leader` and `/metrics`.
 *
 * @throws Failure (status 69) if the address cannot be had.
 */
export async function openStatus(address: Address, candidate: Candidate, clock: Clock): Promise<Status> {
  const status = new HttpStatus(candidate, clock);
  await status.open(address);
  return status;
}

class HttpStatus implements Status {
  readonly #candidate: Candidate;
  readonly #clock: Clock;
  readonly #born: Milliseconds;
  #server: Server | undefined;
  #standing: Standing = AT_FIRST;
  #metrics: Promise<Metrics> | undefined;
  #roll: { readonly until: Milliseconds; readonly seen: Promise<Roll> } | undefined;
  #text: { readonly until: Milliseconds; readonly body: Promise<string> } | undefined;
  #waiting: (readonly [Milliseconds, Fact])[] = [];
  #count = (at: Milliseconds, fact: Fact): void => void this.#waiting.push([at, fact]);

  constructor(candidate: Candidate, clock: Clock) {
    this.#candidate = candidate;
    this.#clock = clock;
    this.#born = clock.now();
  }

  get address(): Address {
    return (this.#server as Server).address;
  }

  async open(address: Address): Promise<void> {
    this.#server = await openServer(address, (path) => this.#answer(path), this.#clock);
  }

  heard(log: Log): Log {
    return (level, event, fields = {}) => {
      log(level, event, fields);
      this.#heed({ event, fields });
      if (IDLE.has(event)) this.#load().catch(() => {}); // told to whoever asks for metrics
    };
  }

  entered(phase: Phase): void {
    if (phase !== this.#standing.phase) this.#heed({ phase });
  }

  close(): void {
    this.#server?.close();
    this.#candidate.rolls?.close();
  }

  #heed(fact: Fact): void {
    this.#standing = standingAfter(this.#standing, fact);
    this.#count(this.#clock.now(), fact);
  }

  async #answer(path: string): Promise<Answer | undefined> {
    const standing = this.#standing;
    switch (path) {
      // Whoever can answer works. To start it again would bring a lost etcd no nearer.
      case "/livez":
        return plain(200, "ok");
      case "/readyz":
        return isReady(standing) ? plain(200, "ok") : plain(503, standing.phase);
      case "/leader":
        return this.#leaderAnswer();
      case "/metrics":
        return this.#metricsAnswer();
      default:
        return undefined;
    }
  }

  async #leaderAnswer(): Promise<Answer | undefined> {
    const { rolls } = this.#candidate;
    if (rolls === undefined) return undefined;
    const now = this.#clock.now();
    if (this.#roll === undefined || now >= this.#roll.until) this.#roll = { until: now + ROLL_FOR, seen: rolls.read() };
    try {
      const body = `${JSON.stringify(rollFields(await this.#roll.seen, new Date()))}\n`;
      return { status: 200, type: "application/json", body };
    } catch (error) {
      return plain(503, messageOf(error));
    }
  }

  async #metricsAnswer(): Promise<Answer> {
    const metrics = await this.#load();
    const now = this.#clock.now();
    if (this.#text === undefined || now >= this.#text.until)
      this.#text = { until: now + FRESH_FOR, body: metrics.text(now, this.#standing) };
    return { status: 200, type: metrics.contentType, body: await this.#text.body };
  }

  /** Loads prom-client, once, and tells it what it has missed. */
  #load(): Promise<Metrics> {
    this.#metrics ??= this.#open();
    return this.#metrics;
  }

  async #open(): Promise<Metrics> {
    try {
      const { openMetrics } = await import("./metrics.js");
      const metrics = openMetrics(this.#candidate, this.#born);
      for (const [at, fact] of this.#waiting) metrics.count(at, fact);
      this.#count = (at, fact) => metrics.count(at, fact);
      return metrics;
    } catch (error) {
      this.#count = () => {};
      throw new Error(`no metrics: ${messageOf(error)}`, { cause: error });
    } finally {
      this.#waiting = [];
    }
  }
}
