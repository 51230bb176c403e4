import type { Milliseconds } from "./duration.js";
import type { LostReason } from "./election.js";
import { afterLoss, afterStopSignal, isLoss } from "./ending.js";
import type { Exit } from "./exit-status.js";
import { ExitStatus, exitStatus, signalledStatus } from "./exit-status.js";
import { backOff } from "./restart.js";
import type { Effect, Ending, Event, HookName, HookRules, Row, Rules, State, Step, Times } from "./states.js";

type Preparing = Extract<State, { phase: "preparing" }>;
type Undoing = Extract<State, { phase: "undoing" }>;
type Loss = { readonly reason: LostReason } & Times;

/** Elected, and `on-elected` comes before the command. */
export function prepare({ timeout }: HookRules, failures: number, at: Milliseconds): Step {
  return [
    { phase: "preparing", deadline: at + timeout, failures },
    { do: "hook", hook: "on-elected", reason: "elected" },
  ];
}

/**
 * The term ends, and nothing runs any more: undoes what was done for it, unless somebody else may lead already, and resigns.
 *
 * @param exit how the command has ended, if it has.
 */
export function undo({ hooks }: Rules, ending: Ending, { at, killAt }: Times, exit?: Exit): Step {
  if (!hooks?.onResigned) return resign(ending);
  if (at >= killAt) return resign(ending, failed("on-resigned", "lost"));
  return [
    { phase: "undoing", deadline: at + hooks.timeout, ending },
    { do: "hook", hook: "on-resigned", reason: ending.cause, ...(exit && { exit }) },
  ];
}

/** Leadership is given back after a failed `on-elected`: others go first. */
export function pause(rules: Rules, failures: number, at: Milliseconds, chance: number): Step {
  const delay = backOff(rules.hooks, failures, chance);
  return [
    { phase: "pausing", due: at + delay, failures },
    { do: "log", event: "rejoining", delay },
  ];
}

/** `on-elected` runs, and the command is started by `start` once nothing is left of it. */
export function preparing(
  rules: Rules,
  stops: (event: Extract<Event, { type: "signal" }>) => boolean,
  start: (at: Milliseconds) => Step,
): Row<"preparing"> {
  const nop = (state: Preparing): Step => [state];

  /** Asks it to end, with the term. */
  const stop = (state: Preparing, ending: Ending, deadline: Milliseconds): Step => {
    const sooner = Math.min(state.deadline, deadline);
    return [
      { ...state, ending, deadline: sooner },
      { do: "log", event: "stopping", cause: ending.cause, deadline: sooner },
      { do: "stop", signal: "SIGTERM" },
    ];
  };

  const kill = (state: Preparing, ending: Ending, ...told: Effect[]): Step => [
    { ...state, ending, deadline: Infinity },
    ...told,
    { do: "kill" },
  ];

  const lose = (state: Preparing, { reason, at, killAt }: Loss): Step => {
    if (isBeingKilled(state)) return [state];
    const { ending: before } = state;
    const ending: Ending = { cause: reason, sequel: before?.sequel ?? afterLoss(rules) };
    const told: Effect[] = before && isLoss(before.cause) ? [] : [{ do: "log", event: "lost", reason }];
    if (at >= killAt) return kill(state, ending, ...told);
    if (before) return [{ ...state, ending, deadline: Math.min(state.deadline, killAt) }, ...told];
    const [next, ...effects] = stop(state, ending, killAt);
    return [next, ...told, ...effects];
  };

  const failure = ({ failures }: Preparing): Ending => ({ cause: "hook-failed", sequel: { retry: failures + 1 } });

  return {
    signal: (state, event) => {
      const { signal, at } = event;
      if (!stops(event)) return [state, { do: "log", event: "signal", signal, to: "nobody" }];
      const sequel = { exit: signalledStatus(signal) };
      if (state.ending === undefined) return stop(state, { cause: signal, sequel }, at + rules.killAfter);
      const ending: Ending = { ...state.ending, sequel: afterStopSignal(state.ending.sequel, sequel) };
      if (isBeingKilled(state)) return [{ ...state, ending }];
      const deadline = Math.min(state.deadline, at + rules.killAfter);
      return [
        { ...state, ending, deadline },
        { do: "stop", signal: "SIGTERM" },
      ];
    },
    queued: nop,
    elected: nop,
    "campaign-failed": nop,
    "start-failed": (state, event) => {
      if (state.ending) return undo(rules, state.ending, event);
      const [next, ...effects] = undo(rules, failure(state), event);
      return [next, failed("on-elected", "not-started"), ...effects];
    },
    lost: lose,
    probed: nop,
    "step-down": (state, { at }) =>
      state.ending ? [state] : stop(state, { cause: "step-down", sequel: "rejoin" }, at + rules.killAfter),
    tick: (state, { at, termAt, killAt }) => {
      const { deadline, ending } = state;
      if (isBeingKilled(state)) return [state];
      if (at >= killAt) return lose(state, { reason: "expired", at, termAt, killAt });
      if (at >= deadline)
        return ending ? kill(state, ending) : kill(state, failure(state), failed("on-elected", "timeout"));
      return ending === undefined && at >= termAt ? lose(state, { reason: "expired", at, termAt, killAt }) : [state];
    },
    exited: (state, { exit }) => {
      if (isBeingKilled(state)) return [state];
      if (state.ending !== undefined || exitStatus(exit) === 0) return [state, { do: "terminate" }];
      return [{ ...state, ending: failure(state) }, failed("on-elected", exit), { do: "terminate" }];
    },
    gone: (state, event) => {
      if (state.ending) return undo(rules, state.ending, event);
      if (event.at < event.termAt) return start(event.at);
      const [next, ...effects] = undo(rules, { cause: "expired", sequel: afterLoss(rules) }, event);
      return [next, { do: "log", event: "lost", reason: "expired" }, ...effects];
    },
    resigned: nop,
    fault: (state, { at }) => {
      const sequel = { exit: ExitStatus.bug };
      if (state.ending) return [{ ...state, ending: { ...state.ending, sequel } }];
      return stop(state, { cause: "bug", sequel }, at + rules.killAfter);
    },
  };
}

/** `on-resigned` runs. It ends the term anyway, so nothing but its time and the lease's ends it sooner. */
export function undoing(stops: (event: Extract<Event, { type: "signal" }>) => boolean): Row<"undoing"> {
  const nop = (state: Undoing): Step => [state];

  const kill = (state: Undoing, ...told: Effect[]): Step => [{ ...state, deadline: Infinity }, ...told, { do: "kill" }];

  const lose = (state: Undoing, { reason, at, killAt }: Loss): Step => {
    if (isBeingKilled(state)) return [state];
    const { cause, sequel } = state.ending;
    const told: Effect[] = isLoss(cause) ? [] : [{ do: "log", event: "lost", reason }];
    const lost = { ...state, ending: { cause: isLoss(cause) ? cause : reason, sequel } };
    if (at >= killAt) return kill(lost, ...told, failed("on-resigned", "lost"));
    return [{ ...lost, deadline: Math.min(state.deadline, killAt) }, ...told];
  };

  return {
    signal: (state, event) => {
      const { signal } = event;
      const { cause, sequel } = state.ending;
      const stopped = { cause, sequel: afterStopSignal(sequel, { exit: signalledStatus(signal) }) };
      const next = stops(event) ? { ...state, ending: stopped } : state;
      return [next, { do: "log", event: "signal", signal, to: "nobody" }];
    },
    queued: nop,
    elected: nop,
    "campaign-failed": nop,
    "start-failed": ({ ending }) => resign(ending, failed("on-resigned", "not-started")),
    lost: lose,
    probed: nop,
    "step-down": nop,
    tick: (state, { at, termAt, killAt }) => {
      if (isBeingKilled(state)) return [state];
      if (at >= killAt) return lose(state, { reason: "expired", at, termAt, killAt });
      return at >= state.deadline ? kill(state, failed("on-resigned", "timeout")) : [state];
    },
    exited: (state, { exit }) => {
      if (isBeingKilled(state)) return [state];
      return [state, ...(exitStatus(exit) === 0 ? [] : [failed("on-resigned", exit)]), { do: "terminate" }];
    },
    gone: ({ ending }) => resign(ending),
    resigned: nop,
    fault: (state) => [{ ...state, ending: { ...state.ending, sequel: { exit: ExitStatus.bug } } }],
  };
}

/** Its end is all that it waits for. */
export function isBeingKilled({ deadline }: Preparing | Undoing): boolean {
  return deadline === Infinity;
}

function resign({ sequel }: Ending, ...told: Effect[]): Step {
  return [{ phase: "resigning", sequel }, ...told, { do: "resign" }];
}

function failed(hook: HookName, why: Exit | "not-started" | "timeout" | "lost"): Effect {
  return { do: "log", event: "hook-failed", hook, why };
}
