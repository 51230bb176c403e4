import type { Milliseconds } from "./duration.js";
import type { LostReason } from "./election.js";
import { afterLoss, afterStopSignal, isLoss, isRestart, settle } from "./ending.js";
import type { Exit } from "./exit-status.js";
import { ExitStatus, signalledStatus } from "./exit-status.js";
import { examined, probing, unexamined } from "./health.js";
import { isBeingKilled, pause, prepare, preparing, undo, undoing } from "./hooks.js";
import { afterEnd, backOff, firstRun, nextRun } from "./restart.js";
import type { Cause, Effect, Event, GiveUp, Phase, Row, Rules, Run, Sequel, Settled, State, Step } from "./states.js";
import type { Times } from "./states.js";

type Table = { readonly [P in Phase]: Row<P> };

/** Decides what follows from an event. Pure: the same state and event give the same step. */
export interface Lifecycle {
  begin(at: Milliseconds): Step;
  step(state: State, event: Event): Step;
  /** When the next tick is due; undefined if time changes nothing. `term` are the term's present times. */
  nextTick(state: State, term: Omit<Times, "at">): Milliseconds | undefined;
}

/** The life of a candidate under the given rules. */
export function lifecycle(rules: Rules): Lifecycle {
  const table = tableOf(rules);
  return {
    begin: (at) => campaign(rules, at, ExitStatus.unavailable),
    step(state, event) {
      // The table is complete by its type; only the pairing of the two keys is beyond what TypeScript can follow.
      const cell = table[state.phase][event.type] as (state: State, event: Event) => Step;
      return cell(state, event);
    },
    nextTick(state, { termAt, killAt }) {
      if (state.phase === "connecting" || state.phase === "standby") return state.giveUp.at;
      if (state.phase === "leading") return Math.min(termAt, state.health?.due ?? Infinity);
      if (state.phase === "restarting") return Math.min(state.due, termAt);
      if (state.phase === "pausing") return state.due;
      if (state.phase === "preparing" || state.phase === "undoing") {
        if (isBeingKilled(state)) return undefined;
        return Math.min(state.deadline, state.ending ? killAt : termAt);
      }
      // A term can be lost while the workload is stopping for another reason, which can only bring the end forward.
      if (state.phase === "stopping")
        return killAt < state.deadline ? Math.min(state.deadline, termAt) : state.deadline;
      return undefined;
    },
  };
}

type SignalEvent = Extract<Event, { type: "signal" }>;

function tableOf(rules: Rules): Table {
  const nop = (state: State): Step => [state];

  /** Nothing runs yet: leave the queue. */
  const leave = (status: number): Step => [{ phase: "resigning", sequel: { exit: status } }, { do: "resign" }];

  const stops = ({ signal, hungUp = false }: SignalEvent): boolean => hungUp || rules.stopOn.has(signal);

  /** A signal before anything was started. */
  const signalBeforeStart = (state: State, event: SignalEvent): Step => {
    const { signal } = event;
    return stops(event)
      ? [
          { phase: "resigning", sequel: { exit: signalledStatus(signal) } },
          { do: "log", event: "signal", signal, to: "nobody" },
          { do: "resign" },
        ]
      : [state, { do: "log", event: "signal", signal, to: "nobody" }];
  };

  const giveUp = (state: Extract<State, { giveUp: GiveUp }>, { at }: { at: Milliseconds }): Step =>
    at >= state.giveUp.at
      ? [
          { phase: "resigning", sequel: { exit: state.giveUp.status } },
          { do: "log", event: "gave-up", reached: state.giveUp.status === ExitStatus.notLeader },
          { do: "resign" },
        ]
      : [state];

  const elected = ({ failures = 0 }: { failures?: number }, { at, termAt }: Times): Step => {
    if (at >= termAt)
      return [
        { phase: "resigning", sequel: afterLoss(rules) },
        { do: "log", event: "lost", reason: "expired" },
        { do: "resign" },
      ];
    return rules.hooks?.onElected ? prepare(rules.hooks, failures, at) : startFirst(at);
  };

  const startFirst = (at: Milliseconds): Step => start(firstRun(rules, at), at);

  const start = (run: Run, at: Milliseconds): Step => [
    { phase: "leading", run, ...(rules.health && { health: unexamined(rules.health, at) }) },
    { do: "start" },
  ];

  /** The term is lost while nothing runs. */
  const loseIdle = (reason: LostReason, event: Times): Step => {
    const [next, ...effects] = undo(rules, { cause: reason, sequel: afterLoss(rules) }, event);
    return [next, { do: "log", event: "lost", reason }, ...effects];
  };

  const campaignFailed = (_state: State, { status }: { status: number }): Step => leave(status);

  /** There is no workload after all, whatever we were about to do with it. */
  const startFailed = (state: State, event: Extract<Event, { type: "start-failed" }>): Step => {
    const { cause, sequel } = "cause" in state ? state : { cause: "not-started" as const, sequel: undefined };
    const exit = typeof sequel === "object" && "exit" in sequel ? sequel.exit : event.status;
    return undo(rules, { cause, sequel: { exit } }, event);
  };

  const lose = (reason: LostReason, at: Milliseconds, killAt: Milliseconds): Step =>
    at >= killAt
      ? [
          { phase: "killing", cause: reason, sequel: afterLoss(rules) },
          { do: "log", event: "lost", reason },
          { do: "kill" },
        ]
      : [
          { phase: "stopping", cause: reason, sequel: afterLoss(rules), deadline: killAt },
          { do: "log", event: "lost", reason },
          { do: "log", event: "stopping", cause: reason, deadline: killAt },
          { do: "stop", signal: "SIGTERM" },
        ];

  /** We end the term, of our own accord or because somebody asks us to. */
  const stopFor = (cause: "step-down" | "unhealthy" | "bug", sequel: Settled, at: Milliseconds): Step => [
    { phase: "stopping", cause, sequel, deadline: at + rules.killAfter },
    { do: "log", event: "stopping", cause, deadline: at + rules.killAfter },
    { do: "stop", signal: (cause === "bug" ? undefined : rules.stopWith) ?? "SIGTERM" },
  ];

  /** A look at the command's health is due, or has taken too long: then its end is its answer. */
  const look = (state: Extract<State, { phase: "leading" }>, at: Milliseconds): Step => {
    const { health } = state;
    if (rules.health === undefined || health === undefined || at < health.due) return [state];
    return health.probing
      ? [{ ...state, health: { ...health, due: Infinity } }, { do: "end-probe" }]
      : [{ ...state, health: probing(rules.health, health, at) }, { do: "probe" }];
  };

  const probed = (
    state: Extract<State, { phase: "leading" }>,
    { healthy, at }: { healthy: boolean; at: Milliseconds },
  ): Step => {
    if (rules.health === undefined || !state.health?.probing) return [state];
    const health = examined(rules.health, state.health, healthy, at);
    const told: Effect[] = healthy ? [] : [{ do: "log", event: "unhealthy", failures: health.failures }];
    if (health.failures < rules.health.retries) return [{ ...state, health }, ...told];
    const [next, ...effects] = stopFor("unhealthy", "rejoin", at);
    return [next, ...told, ...effects];
  };

  /** The command ended by itself and was to be started again. */
  const notAgain = (state: Extract<State, { phase: "stopping" | "killing" }>): Step => [
    isRestart(state.sequel) ? { ...state, sequel: "rejoin" } : state,
  ];

  /** Out of patience: everything of the workload is killed, whatever made it stop. */
  const kill = (state: Extract<State, { phase: "stopping" }>, ...before: Effect[]): Step => [
    { phase: "killing", cause: state.cause, sequel: state.sequel, ...(state.exit && { exit: state.exit }) },
    ...before,
    { do: "kill" },
  ];

  /** The term is lost while the workload is stopping anyway: the deadline can only come nearer. */
  const loseWhileStopping = (
    state: Extract<State, { phase: "stopping" }>,
    reason: LostReason,
    at: Milliseconds,
    killAt: Milliseconds,
  ): Step => {
    const { cause } = state;
    // A loss is told once.
    const told: Effect[] = isLoss(cause) ? [] : [{ do: "log", event: "lost", reason }];
    const sequel = isRestart(state.sequel) ? afterLoss(rules) : state.sequel;
    if (at >= killAt) return kill({ ...state, cause: reason, sequel }, ...told);
    // Whoever was asked to stop in another way is asked in the way of a lost term too.
    const before = cause === "step-down" || cause === "unhealthy" ? "SIGTERM" : cause;
    const asked = isLoss(cause) || cause === "ended" || cause === "bug" || (rules.stopWith ?? before) === "SIGTERM";
    const ask: Effect[] = asked ? [] : [{ do: "stop", signal: "SIGTERM" }];
    return [{ ...state, cause: reason, sequel, deadline: Math.min(state.deadline, killAt) }, ...told, ...ask];
  };

  /** Nothing of the workload is left. */
  const follow = (
    { cause, sequel, exit }: { readonly cause: Cause; readonly sequel: Sequel; readonly exit?: Exit },
    event: Extract<Event, { type: "gone" }>,
  ): Step => {
    if (!isRestart(sequel)) return undo(rules, { cause, sequel: settle(sequel, exit) }, event, exit);
    const { at, chance } = event;
    const { restart: streak } = sequel;
    const delay = backOff(rules.restart, streak.restarts, chance);
    return [
      { phase: "restarting", due: at + delay, streak },
      { do: "log", event: "restarting", attempt: streak.restarts, delay },
    ];
  };

  return {
    connecting: {
      signal: signalBeforeStart,
      queued: (state) => [{ ...state, phase: "standby", giveUp: { ...state.giveUp, status: ExitStatus.notLeader } }],
      elected,
      "campaign-failed": campaignFailed,
      "start-failed": nop,
      lost: nop,
      probed: nop,
      "step-down": nop,
      tick: giveUp,
      exited: nop,
      gone: nop,
      resigned: nop,
      fault: () => leave(ExitStatus.bug),
    },
    standby: {
      signal: signalBeforeStart,
      queued: nop,
      elected,
      "campaign-failed": campaignFailed,
      "start-failed": nop,
      lost: nop,
      probed: nop,
      "step-down": nop,
      tick: giveUp,
      exited: nop,
      gone: nop,
      resigned: nop,
      fault: () => leave(ExitStatus.bug),
    },
    preparing: preparing(rules, stops, startFirst),
    leading: {
      signal: (state, event) => {
        const { signal, at } = event;
        if (!stops(event)) return [state, { do: "forward", signal }];
        return [
          { phase: "stopping", cause: signal, sequel: "command", deadline: at + rules.killAfter },
          { do: "log", event: "stopping", cause: signal, deadline: at + rules.killAfter },
          { do: "stop", signal: rules.stopWith ?? signal },
        ];
      },
      queued: nop,
      elected: nop,
      "campaign-failed": nop,
      "start-failed": startFailed,
      lost: (_state, { reason, at, killAt }) => lose(reason, at, killAt),
      probed,
      "step-down": (_state, { at }) => stopFor("step-down", "rejoin", at),
      tick: (state, { at, termAt, killAt }) => (at >= termAt ? lose("expired", at, killAt) : look(state, at)),
      exited: ({ run }, { exit, at }) => {
        const { sequel, crashLoop } = afterEnd(rules, run, exit, at);
        return [
          { phase: "stopping", cause: "ended", sequel, deadline: at + rules.killAfter, exit },
          { do: "log", event: "exited", exit },
          ...(crashLoop ? [{ do: "log", event: "crash-loop", failures: crashLoop } as const] : []),
          { do: "terminate" },
        ];
      },
      gone: nop,
      resigned: nop,
      fault: (_state, { at }) => stopFor("bug", { exit: ExitStatus.bug }, at),
    },
    stopping: {
      signal: (state, event) => {
        const { signal, at } = event;
        if (!stops(event)) return [state, { do: "forward", signal }];
        const sequel = afterStopSignal(state.sequel, "command");
        return [
          { ...state, sequel, deadline: Math.min(state.deadline, at + rules.killAfter) },
          { do: "stop", signal: rules.stopWith ?? signal },
        ];
      },
      queued: nop,
      elected: nop,
      "campaign-failed": nop,
      "start-failed": startFailed,
      lost: (state, { reason, at, killAt }) => loseWhileStopping(state, reason, at, killAt),
      probed: nop,
      "step-down": notAgain,
      tick: (state, { at, termAt, killAt }) => {
        if (at >= state.deadline) return kill(state);
        return at >= termAt && killAt < state.deadline ? loseWhileStopping(state, "expired", at, killAt) : [state];
      },
      exited: (state, { exit }) => [{ ...state, exit }, { do: "log", event: "exited", exit }, { do: "terminate" }],
      gone: follow,
      resigned: nop,
      fault: (state) => [{ ...state, sequel: { exit: ExitStatus.bug } }],
    },
    killing: {
      signal: (state, event) =>
        stops(event) ? [{ ...state, sequel: afterStopSignal(state.sequel, "command") }] : [state],
      queued: nop,
      elected: nop,
      "campaign-failed": nop,
      "start-failed": startFailed,
      lost: (state, { reason }) =>
        isRestart(state.sequel)
          ? [
              { ...state, sequel: afterLoss(rules) },
              { do: "log", event: "lost", reason },
            ]
          : [state],
      probed: nop,
      "step-down": notAgain,
      tick: nop,
      exited: (state, { exit }) => [
        { ...state, exit },
        { do: "log", event: "exited", exit },
      ],
      gone: follow,
      resigned: nop,
      fault: (state) => [{ ...state, sequel: { exit: ExitStatus.bug } }],
    },
    restarting: {
      signal: (state, event) => {
        const { signal } = event;
        const told = { do: "log", event: "signal", signal, to: "nobody" } as const;
        if (!stops(event)) return [state, told];
        const [next, ...effects] = undo(rules, { cause: signal, sequel: { exit: signalledStatus(signal) } }, event);
        return [next, told, ...effects];
      },
      queued: nop,
      elected: nop,
      "campaign-failed": nop,
      "start-failed": nop,
      lost: (_state, event) => loseIdle(event.reason, event),
      probed: nop,
      "step-down": (_state, event) => undo(rules, { cause: "step-down", sequel: "rejoin" }, event),
      tick: (state, event) => {
        const { at } = event;
        if (at >= event.termAt) return loseIdle("expired", event);
        return at >= state.due ? start(nextRun(rules, state.streak, at), at) : [state];
      },
      exited: nop,
      gone: nop,
      resigned: nop,
      fault: (_state, event) => undo(rules, { cause: "bug", sequel: { exit: ExitStatus.bug } }, event),
    },
    undoing: undoing(stops),
    resigning: {
      signal: (state, event) => {
        const { signal } = event;
        if (!stops(event)) return [state, { do: "log", event: "signal", signal, to: "nobody" }];
        return [{ ...state, sequel: afterStopSignal(state.sequel, { exit: signalledStatus(signal) }) }];
      },
      queued: nop,
      elected: nop,
      "campaign-failed": nop,
      "start-failed": nop,
      lost: nop,
      probed: nop,
      "step-down": nop,
      tick: nop,
      exited: nop,
      gone: nop,
      resigned: ({ sequel }, { at, chance }) => {
        if (sequel !== "rejoin")
          return "exit" in sequel ? [{ phase: "done", status: sequel.exit }] : pause(rules, sequel.retry, at, chance);
        const [state, ...effects] = campaign(rules, at, ExitStatus.notLeader);
        return [state, { do: "log", event: "rejoining" }, ...effects];
      },
      fault: (state) => [{ ...state, sequel: { exit: ExitStatus.bug } }],
    },
    pausing: {
      signal: (state, event) => {
        const { signal } = event;
        const told = { do: "log", event: "signal", signal, to: "nobody" } as const;
        // There is nothing to give back.
        return [stops(event) ? { phase: "done", status: signalledStatus(signal) } : state, told];
      },
      queued: nop,
      elected: nop,
      "campaign-failed": nop,
      "start-failed": nop,
      lost: nop,
      probed: nop,
      "step-down": nop,
      tick: (state, { at }) => (at >= state.due ? campaign(rules, at, ExitStatus.notLeader, state.failures) : [state]),
      exited: nop,
      gone: nop,
      resigned: nop,
      fault: () => [{ phase: "done", status: ExitStatus.bug }],
    },
    done: {
      signal: nop,
      queued: nop,
      elected: nop,
      "campaign-failed": nop,
      "start-failed": nop,
      lost: nop,
      probed: nop,
      "step-down": nop,
      tick: nop,
      exited: nop,
      gone: nop,
      resigned: nop,
      fault: nop,
    },
  };
}

function campaign(rules: Rules, at: Milliseconds, status: number, failures = 0): Step {
  const giveUp = { at: at + (rules.wait ?? Infinity), status };
  return [{ phase: "connecting", giveUp, ...(failures > 0 && { failures }) }, { do: "campaign" }];
}
