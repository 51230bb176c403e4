import { Counter, Gauge, Histogram, Registry } from "../vendor/prom-client.js";
import type { Milliseconds } from "../duration.js";
import { exitStatus } from "../exit-status.js";
import type { Signal } from "../signals.js";
import type { Phase } from "../states.js";
import type { Fact, Standing } from "./standing.js";

/** What the metrics are of. */
export interface Build {
  readonly version: string;
  /** A label of each of them. */
  readonly election?: string | undefined;
}

/** Numbers for Prometheus, from the facts as they come. Times are `Clock.now()`. */
export interface Metrics {
  readonly contentType: string;
  /** Counts one more fact, which was known at `at`. */
  count(at: Milliseconds, fact: Fact): void;
  /** All of them, in Prometheus' text format, as they are at `at`. */
  text(at: Milliseconds, standing: Standing): Promise<string>;
}

/** An answer of etcd's comes in a millisecond or two nearby, and in a second (the longest patience) or not at all. */
const RENEWAL_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1];
/** A command that ends at once is followed in 20 ms; one that does not is killed after 8 s, if nobody asks for more. */
const HAND_OVER_SECONDS = [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** @param born when the candidate began. */
export function openMetrics(build: Build, born: Milliseconds): Metrics {
  return new PrometheusMetrics(build, born);
}

class PrometheusMetrics implements Metrics {
  readonly #registry = new Registry();
  readonly #isLeader = this.#gauge("is_leader", "1 while this candidate leads, 0 otherwise");
  readonly #terms = this.#counter("terms_total", "Times it was elected");
  readonly #lost = this.#counter("lost_terms_total", "Terms that were lost, by reason", "reason");
  readonly #phases = this.#counter("phase_seconds_total", "Time in each phase", "phase");
  readonly #handOvers = this.#histogram(
    "hand_over_seconds",
    "From the first sign of a term's end until etcd had acknowledged that leadership is given back",
    HAND_OVER_SECONDS,
  );
  readonly #renewalSeconds = this.#histogram(
    "renewal_seconds",
    "From sending a renewal until it was confirmed, while leading",
    RENEWAL_SECONDS,
  );
  readonly #renewals = this.#counter("renewals_total", "Renewals, by result: confirmed or failed", "result");
  readonly #validity = this.#gauge("validity_seconds", "How long the lease is still good for; 0 when not leading");
  readonly #restarts = this.#counter("restarts_total", "Times the command was started again in the same term");
  readonly #exits = this.#counter("workload_exits_total", "Ends of the command, by exit status", "status");
  readonly #guardKills = this.#counter("guard_kills_total", "Times the guard killed the command in our place");
  readonly #guardDeaths = this.#counter("guard_deaths_total", "Guards that died and were replaced");

  #phase: Phase = "connecting";
  #since: Milliseconds;
  #validUntil: Milliseconds = -Infinity;
  /** When the term began to end. */
  #ending: Milliseconds | undefined;

  constructor({ version, election }: Build, born: Milliseconds) {
    this.#since = born;
    if (election !== undefined) this.#registry.setDefaultLabels({ election });
    this.#gauge("build_info", "Always 1: the version that runs, and Node's as node", "version", "node").set(
      { version, node: process.version },
      1,
    );
    // Rates need a zero to begin from.
    for (const reason of ["expired", "lease-gone", "key-gone"]) this.#lost.inc({ reason }, 0);
    for (const result of ["confirmed", "failed"]) this.#renewals.inc({ result }, 0);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  count(at: Milliseconds, fact: Fact): void {
    if ("phase" in fact) return this.#enter(at, fact.phase);
    const { event, fields } = fact;
    switch (event) {
      case "no-election":
        this.#validUntil = Infinity;
        return;
      case "elected":
        this.#validUntil = at + Number(fields["left"]);
        return this.#terms.inc();
      case "lost":
        return this.#lost.inc({ reason: String(fields["reason"]) });
      case "renewed":
        this.#validUntil = at + Number(fields["left"]);
        this.#renewalSeconds.observe(Number(fields["took"]) / 1_000);
        return this.#renewals.inc({ result: "confirmed" });
      case "renewal-failed":
        return this.#renewals.inc({ result: "failed" });
      case "restarting":
        return this.#restarts.inc();
      case "exited": {
        const { signal, status } = fields;
        const exit = signal === undefined ? { code: Number(status) } : { signal: signal as Signal };
        return this.#exits.inc({ status: exitStatus(exit) });
      }
      case "resigned":
        if (this.#ending !== undefined && fields["acknowledged"] === true)
          this.#handOvers.observe((at - this.#ending) / 1_000);
        return;
      case "guard-fired":
        return this.#guardKills.inc();
      case "guard-died":
        return this.#guardDeaths.inc();
      default:
    }
  }

  async text(at: Milliseconds, { leads }: Standing): Promise<string> {
    this.#enter(at, this.#phase);
    this.#isLeader.set(leads ? 1 : 0);
    this.#validity.set(leads ? Math.max((this.#validUntil - at) / 1_000, 0) : 0);
    return this.#registry.metrics();
  }

  #enter(at: Milliseconds, phase: Phase): void {
    this.#phases.inc({ phase: this.#phase }, Math.max(at - this.#since, 0) / 1_000);
    // Who leads again in the same term had only paused.
    if (phase === "leading" || phase === "connecting") this.#ending = undefined;
    else if (this.#phase === "leading") this.#ending = at;
    [this.#phase, this.#since] = [phase, at];
  }

  #counter(name: string, help: string, ...labelNames: string[]): Counter {
    return new Counter({ name: `while_leader_${name}`, help, labelNames, registers: [this.#registry] });
  }

  #gauge(name: string, help: string, ...labelNames: string[]): Gauge {
    return new Gauge({ name: `while_leader_${name}`, help, labelNames, registers: [this.#registry] });
  }

  #histogram(name: string, help: string, buckets: number[]): Histogram {
    return new Histogram({ name: `while_leader_${name}`, help, buckets, registers: [this.#registry] });
  }
}
