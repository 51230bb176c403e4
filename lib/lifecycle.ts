import type { Milliseconds } from "./duration.js";
import type { LostReason } from "./election.js";
import type { Exit } from "./exit-status.js";
import { ExitStatus, exitStatus, signalledStatus } from "./exit-status.js";
import type { Signal } from "./signals.js";
import { examined, probing, unexamined } from "./health.js";
import { afterEnd, backOff, firstRun, nextRun } from "./restart.js";
import type { Cause, Effect, Event, GiveUp, Phase, Rules, Run, Sequel, Settled, State, Streak } from "./states.js";

export type Step = readonly [State, ...Effect[]];

type Table = {
  readonly [P in Phase]: {
    readonly [T in Event["type"]]: (state: Extract<State, { phase: P }>, event: Extract<Event, { type: T }>) => Step;
  };
};

/** Decides what follows from an event. Pure: the same state and event give the same step. */
export interface Lifecycle {
  begin(at: Milliseconds): Step;
  step(state: State, event: Event): Step;
  /** When the next tick is due; undefined if time changes nothing. `term` are the term's present times. */
  nextTick(
    state: State,
    term: { readonly termAt: Milliseconds; readonly killAt: Milliseconds },
  ): Milliseconds | undefined;
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
      // A term can be lost while the workload is stopping for another reason, which can only bring the end forward.
      if (state.phase === "stopping")
        return killAt < state.deadline ? Math.min(state.deadline, termAt) : state.deadline;
      return undefined;
    },
  };
}

function tableOf(rules: Rules): Table {
  const nop = (state: State): Step => [state];

  /** Nothing runs yet: leave the queue. */
  const leave = (status: number): Step => [{ phase: "resigning", sequel: { exit: status } }, { do: "resign" }];

  const stops = (signal: Signal, hungUp = false): boolean => hungUp || rules.stopOn.has(signal);

  /** A signal with no command to pass it to. */
  const signalBeforeStart = (state: State, { signal, hungUp }: Extract<Event, { type: "signal" }>): Step =>
    stops(signal, hungUp)
      ? [
          { phase: "resigning", sequel: { exit: signalledStatus(signal) } },
          { do: "log", event: "signal", signal, to: "nobody" },
          { do: "resign" },
        ]
      : [state, { do: "log", event: "signal", signal, to: "nobody" }];

  const giveUp = (state: Extract<State, { giveUp: GiveUp }>, { at }: { at: Milliseconds }): Step =>
    at >= state.giveUp.at
      ? [
          { phase: "resigning", sequel: { exit: state.giveUp.status } },
          { do: "log", event: "gave-up", reached: state.giveUp.status === ExitStatus.notLeader },
          { do: "resign" },
        ]
      : [state];

  const elected = (_state: State, { at, termAt }: { at: Milliseconds; termAt: Milliseconds }): Step =>
    at < termAt ? start(firstRun(rules, at), at) : loseIdle("expired");

  const start = (run: Run, at: Milliseconds): Step => [
    { phase: "leading", run, ...(rules.health && { health: unexamined(rules.health, at) }) },
    { do: "start" },
  ];

  /** The term is lost while nothing runs. */
  const loseIdle = (reason: LostReason): Step => [
    { phase: "resigning", sequel: afterLoss(rules) },
    { do: "log", event: "lost", reason },
    { do: "resign" },
  ];

  const campaignFailed = (_state: State, { status }: { status: number }): Step => leave(status);

  /** There is no workload after all, whatever we were about to do with it. */
  const startFailed = (state: State, { status }: { status: number }): Step =>
    leave("sequel" in state && typeof state.sequel === "object" && "exit" in state.sequel ? state.sequel.exit : status);

  const lose = (reason: LostReason, at: Milliseconds, killAt: Milliseconds): Step =>
    at >= killAt
      ? [{ phase: "killing", sequel: afterLoss(rules) }, { do: "log", event: "lost", reason }, { do: "kill" }]
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
    { phase: "killing", sequel: state.sequel, ...(state.exit && { exit: state.exit }) },
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
    if (at >= killAt) return kill({ ...state, sequel }, ...told);
    // Whoever was asked to stop in another way is asked in the way of a lost term too.
    const before = cause === "step-down" || cause === "unhealthy" ? "SIGTERM" : cause;
    const asked = isLoss(cause) || cause === "ended" || cause === "bug" || (rules.stopWith ?? before) === "SIGTERM";
    const ask: Effect[] = asked ? [] : [{ do: "stop", signal: "SIGTERM" }];
    return [{ ...state, cause: reason, sequel, deadline: Math.min(state.deadline, killAt) }, ...told, ...ask];
  };

  /** Nothing of the workload is left. */
  const follow = (
    { sequel, exit }: { readonly sequel: Sequel; readonly exit?: Exit },
    { at, chance }: { at: Milliseconds; chance: number },
  ): Step => {
    if (!isRestart(sequel)) return [{ phase: "resigning", sequel: settle(sequel, exit) }, { do: "resign" }];
    const { restart: streak } = sequel;
    const delay = backOff(rules, streak, chance);
    return [
      { phase: "restarting", due: at + delay, streak },
      { do: "log", event: "restarting", attempt: streak.restarts, delay },
    ];
  };

  return {
    connecting: {
      signal: signalBeforeStart,
      queued: ({ giveUp: { at } }) => [{ phase: "standby", giveUp: { at, status: ExitStatus.notLeader } }],
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
    leading: {
      signal: (state, { signal, hungUp, at }) =>
        stops(signal, hungUp)
          ? [
              { phase: "stopping", cause: signal, sequel: "command", deadline: at + rules.killAfter },
              { do: "log", event: "stopping", cause: signal, deadline: at + rules.killAfter },
              { do: "stop", signal: rules.stopWith ?? signal },
            ]
          : [state, { do: "forward", signal }],
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
      signal: (state, { signal, hungUp, at }) =>
        stops(signal, hungUp)
          ? [
              {
                ...state,
                sequel: afterStopSignal(state.sequel, "command"),
                deadline: Math.min(state.deadline, at + rules.killAfter),
              },
              { do: "stop", signal: rules.stopWith ?? signal },
            ]
          : [state, { do: "forward", signal }],
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
      signal: (state, { signal, hungUp }) =>
        stops(signal, hungUp) ? [{ ...state, sequel: afterStopSignal(state.sequel, "command") }] : [state],
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
      signal: signalBeforeStart,
      queued: nop,
      elected: nop,
      "campaign-failed": nop,
      "start-failed": nop,
      lost: (_state, { reason }) => loseIdle(reason),
      probed: nop,
      "step-down": () => [{ phase: "resigning", sequel: "rejoin" }, { do: "resign" }],
      tick: (state, { at, termAt }) => {
        if (at >= termAt) return loseIdle("expired");
        return at >= state.due ? start(nextRun(rules, state.streak, at), at) : [state];
      },
      exited: nop,
      gone: nop,
      resigned: nop,
      fault: () => leave(ExitStatus.bug),
    },
    resigning: {
      signal: (state, { signal, hungUp }) =>
        stops(signal, hungUp)
          ? [{ ...state, sequel: afterStopSignal(state.sequel, { exit: signalledStatus(signal) }) }]
          : [state, { do: "log", event: "signal", signal, to: "nobody" }],
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
      resigned: ({ sequel }, { at }) => {
        if (sequel !== "rejoin") return [{ phase: "done", status: sequel.exit }];
        const [state, ...effects] = campaign(rules, at, ExitStatus.notLeader);
        return [state, { do: "log", event: "rejoining" }, ...effects];
      },
      fault: (state) => [{ ...state, sequel: { exit: ExitStatus.bug } }],
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

function campaign(rules: Rules, at: Milliseconds, status: number): Step {
  return [{ phase: "connecting", giveUp: { at: at + (rules.wait ?? Infinity), status } }, { do: "campaign" }];
}

function afterLoss(rules: Rules): Settled {
  return rules.onLost === "rejoin" ? "rejoin" : { exit: ExitStatus.notLeader };
}

function isLoss(cause: Cause): cause is LostReason {
  return cause === "expired" || cause === "lease-gone" || cause === "key-gone";
}

/** Whoever asks us to stop does not want us back in the queue; a status already decided stays. */
function afterStopSignal<S extends Sequel>(sequel: S, stopped: S): S {
  return sequel === "rejoin" || isRestart(sequel) ? stopped : sequel;
}

function isRestart(sequel: Sequel): sequel is { readonly restart: Streak } {
  return typeof sequel === "object" && "restart" in sequel;
}

/** What the sequel comes to once the command has ended. */
function settle(sequel: Exclude<Sequel, { restart: Streak }>, exit: Exit | undefined): Settled {
  // "gone" follows "exited"; without it the supervisor itself is wrong.
  if (sequel === "command") return { exit: exit ? exitStatus(exit) : ExitStatus.bug };
  return sequel;
}
