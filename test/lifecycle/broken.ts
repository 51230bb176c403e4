import type { Lifecycle } from "../../lib/lifecycle.js";
import type { Event, Rules, State, Step } from "../../lib/states.js";
import { leading, streak } from "./examples.js";

/** A lifecycle with one mistake in it, and what the search must say of it. */
export interface Broken {
  /** Continues "a lifecycle that ...". */
  readonly flaw: string;
  readonly finds: string;
  /** It shows only where there are hooks. */
  readonly hooks?: true;
  readonly breaks: (life: Lifecycle, rules: Rules) => Lifecycle;
}

/** Lets `mistake` replace a step; undefined leaves it as it is. */
const stepping =
  (mistake: (state: State, event: Event, right: Step, rules: Rules) => Step | undefined): Broken["breaks"] =>
  (life, rules) => ({
    ...life,
    step(state, event) {
      const right = life.step(state, event);
      return mistake(state, event, right, rules) ?? right;
    },
  });

/** One for each promise that is worth a mistake. */
export const BROKEN: readonly Broken[] = [
  {
    flaw: "resigns as soon as the command has ended, with others of the workload alive",
    finds: "leadership is resigned while a process of the workload may live",
    breaks: stepping(({ phase }, { type }) =>
      phase === "stopping" && type === "exited"
        ? [{ phase: "resigning", sequel: { exit: 0 } }, { do: "resign" }]
        : undefined,
    ),
  },
  {
    flaw: "takes the killed command for the whole workload",
    finds: "leadership is resigned while a process of the workload may live",
    breaks: stepping(({ phase }, { type }) =>
      phase === "killing" && type === "exited"
        ? [{ phase: "resigning", sequel: "rejoin" }, { do: "resign" }]
        : undefined,
    ),
  },
  {
    flaw: "moves the deadline with each stop signal",
    finds: "the deadline of a stop moves later",
    breaks: stepping((state, event, [after, ...effects], { killAfter }) =>
      state.phase === "stopping" && event.type === "signal" && after.phase === "stopping"
        ? [{ ...after, deadline: event.at + killAfter }, ...effects]
        : undefined,
    ),
  },
  {
    flaw: "stops without a deadline",
    finds: "a stop without a deadline",
    breaks: stepping((_state, { type }, [after, ...effects]) =>
      type === "exited" && after.phase === "stopping" ? [{ ...after, deadline: Infinity }, ...effects] : undefined,
    ),
  },
  {
    flaw: "rejoins after a stop signal that came while it resigned",
    finds: "a campaign after a stop signal",
    breaks: stepping((state, { type }) => (state.phase === "resigning" && type === "signal" ? [state] : undefined)),
  },
  {
    flaw: "starts the command whatever is left of the validity",
    finds: "the command is started with no validity left",
    breaks: stepping((state, event) =>
      event.type === "elected" && (state.phase === "connecting" || state.phase === "standby")
        ? [leading(), { do: "start" }]
        : undefined,
    ),
  },
  {
    flaw: "starts the command again when it has ended",
    finds: "the command is started twice in one term",
    breaks: stepping((state, { type }) =>
      state.phase === "leading" && type === "exited" ? [state, { do: "start" }] : undefined,
    ),
  },
  {
    flaw: "starts the command again with others of the workload alive",
    finds: "the command is started while a process of the workload may live",
    breaks: stepping((state, { type }, _right, { restart }) =>
      restart && state.phase === "leading" && type === "exited" ? [state, { do: "start" }] : undefined,
    ),
  },
  {
    flaw: "starts a command that crashes again and again for ever",
    finds: "exit status 75 in place of 3",
    breaks: stepping((_state, _event, [after, ...effects]) =>
      effects.some((effect) => effect.do === "log" && effect.event === "crash-loop") && after.phase === "stopping"
        ? [{ ...after, sequel: { restart: streak(1, 0) } }, ...effects]
        : undefined,
    ),
  },
  {
    flaw: "goes on with a restart in a lost term",
    finds: "exit status 0 in place of 75",
    breaks: stepping((state, { type }, [after, ...effects]) =>
      type === "tick" && state.phase === "stopping" && after.phase === "stopping"
        ? [{ ...after, sequel: state.sequel }, ...effects]
        : undefined,
    ),
  },
  {
    flaw: "starts the command again whatever is left of the validity",
    finds: "the command is started with no validity left",
    breaks: stepping(({ phase }, { type }) =>
      phase === "restarting" && type === "tick" ? [leading(), { do: "start" }] : undefined,
    ),
  },
  {
    flaw: "looks at the command's health again before the last look has ended",
    finds: "two health commands at once",
    breaks: stepping((state, { type }, [after, ...effects]) =>
      state.phase === "leading" && type === "tick" && effects.some((effect) => effect.do === "end-probe")
        ? [after, { do: "probe" }]
        : undefined,
    ),
  },
  {
    flaw: "bears with an unhealthy command",
    finds: "the command runs on though the term is to end",
    breaks: stepping((state, { type, at }, [after]) =>
      state.phase === "leading" && state.health && type === "probed" && after.phase === "stopping"
        ? [{ ...state, health: { ...state.health, probing: false, due: at + 1 } }]
        : undefined,
    ),
  },
  {
    flaw: "does not hear between two runs that it is to hand over",
    finds: "the command is started in a term that is over",
    breaks: stepping((state, { type }) => (state.phase === "restarting" && type === "step-down" ? [state] : undefined)),
  },
  {
    flaw: "exits when it has handed over",
    finds: "exit status 75 in place of 137",
    breaks: stepping((_state, { type }, [after, ...effects]) =>
      type === "step-down" && after.phase === "stopping" ? [{ ...after, sequel: { exit: 75 } }, ...effects] : undefined,
    ),
  },
  {
    flaw: "does not heed a stop signal between two runs",
    finds: "the command is started after a stop signal",
    breaks: stepping((state, { type }) => (state.phase === "restarting" && type === "signal" ? [state] : undefined)),
  },
  {
    flaw: "exits while it resigns when nothing holds it",
    finds: "the program exits before it has resigned",
    breaks: stepping((state, { type }) =>
      state.phase === "resigning" && type === "tick" ? [{ phase: "done", status: 0 }] : undefined,
    ),
  },
  {
    flaw: "has patience with a lost term until its own deadline",
    finds: "TERM_AT has passed, and the end is not set to KILL_AT or before",
    breaks: stepping((state, event) =>
      state.phase === "stopping" && event.type === "tick" && event.at < state.deadline ? [state] : undefined,
    ),
  },
  {
    flaw: "forgets how the command ended",
    finds: "exit status 70 in place of 3",
    breaks: stepping((_state, { type }, [after, ...effects]) =>
      type === "exited" && after.phase === "stopping" ? [withoutExit(after), ...effects] : undefined,
    ),
  },
  {
    flaw: "logs no reason for a stop",
    finds: "a term ends without a reason",
    breaks: stepping((_state, { type }, [after, ...effects]) =>
      type === "signal" ? [after, ...effects.filter((effect) => effect.do !== "log")] : undefined,
    ),
  },
  {
    flaw: "waits for its own deadline only, though the lease may run out before",
    finds: "no tick is due by KILL_AT",
    breaks: (life) => ({
      ...life,
      nextTick: (state, term) => (state.phase === "stopping" ? state.deadline : life.nextTick(state, term)),
    }),
  },
  {
    flaw: "does without on-elected",
    finds: "the command is started without on-elected",
    hooks: true,
    breaks: stepping((_state, { type }, [after]) =>
      type === "elected" && after.phase === "preparing" ? [leading(), { do: "start" }] : undefined,
    ),
  },
  {
    flaw: "starts the command beside what on-elected has left",
    finds: "the command is started while a process of the workload may live",
    hooks: true,
    breaks: stepping(({ phase }, { type }) =>
      phase === "preparing" && type === "exited" ? [leading(), { do: "start" }] : undefined,
    ),
  },
  {
    flaw: "bears with a failed on-elected",
    finds: "on-elected runs on though the term is to end, or the other way round",
    hooks: true,
    breaks: stepping((state, { type }) =>
      state.phase === "preparing" && type === "exited" ? [state, { do: "terminate" }] : undefined,
    ),
  },
  {
    flaw: "resigns beside an on-resigned that lives",
    finds: "leadership is resigned while a process of the workload may live",
    hooks: true,
    breaks: stepping((state, { type }) =>
      state.phase === "undoing" && type === "exited"
        ? [{ phase: "resigning", sequel: state.ending.sequel }, { do: "resign" }]
        : undefined,
    ),
  },
  {
    flaw: "undoes nothing after a failed on-elected",
    finds: "resigned, and nothing is undone",
    hooks: true,
    breaks: stepping(({ phase }, _event, [after]) =>
      phase === "preparing" && after.phase === "undoing"
        ? [{ phase: "resigning", sequel: after.ending.sequel }, { do: "resign" }]
        : undefined,
    ),
  },
  {
    flaw: "undoes whatever is left of the validity",
    finds: "on-resigned is started when another host may lead",
    hooks: true,
    breaks: (life) => ({
      ...life,
      step: (state, event) => life.step(state, event.type === "gone" ? { ...event, killAt: Infinity } : event),
    }),
  },
  {
    flaw: "lets on-resigned run for as long as it may, though the lease may run out before",
    finds: "no tick is due by KILL_AT",
    hooks: true,
    breaks: (life) => ({
      ...life,
      nextTick: (state, term) => (state.phase === "undoing" ? state.deadline : life.nextTick(state, term)),
    }),
  },
  {
    flaw: "queues again at once after a failed on-elected",
    finds: "a campaign before others could go first",
    hooks: true,
    breaks: stepping((_state, { type, at }, [after]) =>
      type === "resigned" && after.phase === "pausing"
        ? [
            { phase: "connecting", giveUp: { at: at + 9, status: 75 } },
            { do: "log", event: "rejoining" },
            { do: "campaign" },
          ]
        : undefined,
    ),
  },
  {
    flaw: "never looks at the time again once it stops",
    finds: "stuck in stopping",
    breaks: (life) => ({
      ...life,
      nextTick: (state, term) => (state.phase === "stopping" ? Infinity : life.nextTick(state, term)),
    }),
  },
];

function withoutExit({ phase, cause, sequel, deadline }: Extract<State, { phase: "stopping" }>): State {
  return { phase, cause, sequel, deadline };
}
