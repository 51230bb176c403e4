import type { Clock } from "./clock.js";
import type { Milliseconds } from "./duration.js";
import type { Campaign, Election, LostReason, Term } from "./election.js";
import { ExitStatus } from "./exit-status.js";
import { Failure, stackOf } from "./failure.js";
import type { Guard } from "./guard/guard.js";
import { Inbox } from "./inbox.js";
import type { Lifecycle } from "./lifecycle.js";
import type { Log } from "./log.js";
import type { Probe } from "./probe.js";
import { Remains } from "./remains.js";
import { report } from "./report.js";
import type { Signal } from "./signals.js";
import type { Effect, Event, Happening, Hook, State, Step } from "./states.js";
import { guardTime } from "./timing.js";
import type { Workload } from "./workload.js";

/** What a supervisor works with. */
export interface Parts {
  readonly lifecycle: Lifecycle;
  readonly election: Election;
  readonly guard: Guard;
  /** Starts the command for a term, or a hook. */
  readonly launch: (term: Term, hook?: Hook) => Workload | Promise<Failure>;
  /** Starts the health command beside the command that was started last. */
  readonly probe: () => Probe;
  /** What comes from outside: signals, and bugs that nobody caught. */
  readonly inbox: Inbox<Happening>;
  readonly clock: Clock;
  readonly log: Log;
}

/** A lease that could not be given back within it is left to run out. */
const RESIGN_WITHIN: Milliseconds = 2_000;
/** Timers stand still while the host is suspended; this is how long a resume can go unnoticed. */
const LONGEST_SLEEP: Milliseconds = 500;
/** A bug must not keep the loop from stopping the command; one that comes again and again would keep it for ever. */
const MOST_BUGS = 100;

/**
 * Runs one candidate's life: takes the next event, lets the lifecycle decide, performs what it decided.
 *
 * @returns the exit status.
 */
export async function supervise(parts: Parts): Promise<number> {
  return new Supervisor(parts).run();
}

class Supervisor {
  readonly #parts: Parts;
  /** What happens to what we do. */
  readonly #events = new Inbox<Happening>();
  #campaign: Campaign | undefined;
  #term: Term | undefined;
  #probe: Probe | undefined;
  /** The command or the hook that lives, and what there is of it. */
  #workload: Workload | undefined;
  #remains: Remains | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async run(): Promise<number> {
    const { lifecycle, clock } = this.#parts;
    let state = this.#take(lifecycle.begin(clock.now()));
    for (let bugs = 0; state.phase !== "done";) {
      try {
        const event = await this.#next(state);
        state = this.#take(lifecycle.step(state, event), event.type === "signal" ? event.signal : undefined);
      } catch (error) {
        if (bugs++ > MOST_BUGS) throw error;
        this.#fault(error);
      }
    }
    return state.status;
  }

  #take([state, ...effects]: Step, received?: Signal): State {
    for (const effect of effects) {
      try {
        this.#perform(effect, received);
      } catch (error) {
        this.#fault(error);
      }
    }
    return state;
  }

  /**
   * The next event. Signals first: one that came before the command was started must be known at the start. Nothing new can come while
   * what has come is worked off, so no flood holds a deadline up.
   */
  async #next(state: State): Promise<Event> {
    const { clock, inbox, lifecycle } = this.#parts;
    for (;;) {
      const at = clock.now();
      const times = { termAt: this.#term?.termAt() ?? Infinity, killAt: this.#term?.killAt() ?? Infinity };
      const due = lifecycle.nextTick(state, times) ?? Infinity;
      const happening = inbox.take() ?? this.#events.take();
      if (happening !== undefined) return { at, ...times, ...happening };
      if (at >= due) return { type: "tick", at, ...times };
      await this.#pause(due - at);
    }
  }

  async #pause(duration: Milliseconds): Promise<void> {
    const { clock, inbox } = this.#parts;
    const over = new AbortController();
    await Promise.race([
      inbox.filled(over.signal),
      this.#events.filled(over.signal),
      clock.sleep(Math.min(duration, LONGEST_SLEEP), over.signal),
    ]);
    setImmediate(() => over.abort()); // after what has come is done: an abort takes as long as to pass a signal on
  }

  #perform(effect: Effect, received: Signal | undefined): void {
    switch (effect.do) {
      case "campaign":
        return this.#stand();
      case "start":
      case "hook":
        return this.#start("hook" in effect ? effect : undefined);
      case "forward":
      case "stop": {
        const { do: how, signal } = effect;
        const to = how === "stop" ? this.#workload?.stop(signal, received) : this.#workload?.signal(signal, received);
        return this.#parts.log("info", "signal", { signal, to: to ?? "nobody" });
      }
      case "terminate":
        return this.#remains?.terminate();
      case "kill":
        return this.#remains && this.#detach(this.#remains.kill());
      case "probe":
        return this.#detach(this.#look());
      case "end-probe":
        return this.#probe?.kill();
      case "resign":
        return this.#detach(this.#resign());
      case "log":
        return report(effect, this.#parts.clock.now(), this.#parts.log);
    }
  }

  #stand(): void {
    const { election, log } = this.#parts;
    const campaign = election.campaign();
    this.#campaign = campaign;
    campaign.queued.then(
      () => this.#events.put({ type: "queued" }),
      () => {}, // then `elected` rejects too, and says why
    );
    campaign.elected.then(
      (term) => {
        if (this.#campaign !== campaign) return;
        this.#term = term;
        this.#detach(this.#feed(term));
        this.#events.put({ type: "elected" });
        const lost = (reason: LostReason): void => {
          if (this.#term === term) this.#events.put({ type: "lost", reason, killAt: term.killAt() });
        };
        this.#detach(term.lost.then(lost));
        const asked = (by: string): void => {
          if (this.#term !== term) return;
          log("info", "asked", { by });
          this.#events.put({ type: "step-down" });
        };
        this.#detach(term.asked.then(asked));
      },
      (error: unknown) => {
        if (this.#campaign !== campaign) return;
        if (!(error instanceof Failure)) return this.#fault(error);
        this.#failed("campaign-failed", error);
      },
    );
  }

  /** Tells the guard of each renewal, for as long as the term is ours. */
  async #feed(term: Term): Promise<void> {
    const { guard, clock } = this.#parts;
    while (this.#term === term) {
      guard.feed(guardTime(term.killAt(), term.validUntil()) - clock.now());
      await term.renewed;
    }
  }

  #start(hook?: Hook): void {
    const { clock, guard, launch, log } = this.#parts;
    let launched: Workload | Promise<Failure>;
    try {
      launched = launch(this.#term as Term, hook);
    } catch (error) {
      return this.#failed("start-failed", new Failure("cannot-execute", stackOf(error), ExitStatus.bug));
    }
    if (launched instanceof Promise) return this.#detach(launched.then((why) => this.#failed("start-failed", why)));
    this.#workload = launched;
    this.#remains = new Remains(launched, this.#parts);
    if (hook) log("info", "hook-started", { hook: hook.hook, pid: launched.pid, reason: hook.reason });
    else log("info", "started", { pid: launched.pid });
    this.#detach(this.#follow(launched, this.#remains));
    const killed = (): void => {
      if (this.#workload === launched) this.#events.put({ type: "lost", reason: "expired", killAt: clock.now() });
    };
    this.#detach(guard.lost.then(killed));
  }

  /** Runs the health command once; its answer is for nothing when the command itself is gone. */
  async #look(): Promise<void> {
    const workload = this.#workload;
    const probe = this.#parts.probe();
    this.#probe = probe;
    const healthy = await probe.healthy;
    if (this.#workload === workload) this.#events.put({ type: "probed", healthy });
  }

  #failed(type: "campaign-failed" | "start-failed", { message, status }: Failure): void {
    this.#parts.log("error", "failed", { error: message });
    this.#events.put({ type, status });
  }

  /** Reports the end of the command or the hook, then the end of all that it left behind. */
  async #follow(workload: Workload, remains: Remains): Promise<void> {
    const exit = await workload.exited;
    this.#events.put({ type: "exited", exit });
    await remains.gone();
    this.#workload = this.#remains = undefined;
    workload.release(exit);
    this.#events.put({ type: "gone", chance: Math.random() });
  }

  async #resign(): Promise<void> {
    const [campaign, term] = [this.#campaign, this.#term];
    this.#campaign = this.#term = undefined;
    const told = await campaign?.withdraw(RESIGN_WITHIN).catch((error: unknown) => this.#fault(error));
    if (term !== undefined && term.key !== "")
      this.#parts.log(told ? "info" : "warn", "resigned", { key: term.key, acknowledged: told ?? false });
    this.#events.put({ type: "resigned", chance: Math.random() });
  }

  /** Starts what nobody waits for here; a bug in it must not go unseen. */
  #detach(promise: Promise<void>): void {
    promise.catch((error: unknown) => this.#fault(error));
  }

  #fault(error: unknown): void {
    this.#parts.log("error", "bug", { error: stackOf(error) });
    this.#events.put({ type: "fault" });
  }
}
