import type { Effect, Ending, Event, HookName, Rules, State } from "../../lib/states.js";
import type { Example, Row } from "./examples.js";
import * as x from "./examples.js";

const rules: Partial<Rules> = { hooks: x.HOOKS };
const DEADLINE = x.NOW + 5_000;

type Preparing = Extract<State, { phase: "preparing" }>;
type Undoing = Extract<State, { phase: "undoing" }>;
const preparing = (change: Partial<Preparing> = {}): Preparing => ({
  phase: "preparing",
  deadline: DEADLINE,
  failures: 2,
  ...change,
});
const undoing = (ending: Ending, deadline = DEADLINE): Undoing => ({ phase: "undoing", deadline, ending });

const STOPPED: Ending = { cause: "SIGTERM", sequel: { exit: 143 } };
const LOST: Ending = { cause: "expired", sequel: "rejoin" };
const FAILED: Ending = { cause: "hook-failed", sequel: { retry: 3 } };
const BUG: Ending = { cause: "bug", sequel: { exit: 70 } };

const running = preparing();
const ending = preparing({ ending: LOST });
const killed = preparing({ ending: FAILED, deadline: Infinity });

const failed = (hook: HookName, why: Extract<Effect, { event: "hook-failed" }>["why"]): Effect => ({
  do: "log",
  event: "hook-failed",
  hook,
  why,
});
const told = (cause: Ending["cause"], deadline: number): Effect => ({ do: "log", event: "stopping", cause, deadline });

/** What follows once nothing is left: the other hook, or nothing more where that may not run or is not there. */
export const undone = (state: State, event: Event, end: Ending, ...effects: Effect[]): readonly Example[] => {
  const exit = "exit" in state && state.exit ? { exit: state.exit } : {};
  const resigned: State = { phase: "resigning", sequel: end.sequel };
  return [
    {
      when: "then on-resigned",
      rules,
      state,
      event,
      step: [undoing(end, x.NOW + 10_000), ...effects, { do: "hook", hook: "on-resigned", reason: end.cause, ...exit }],
    },
    {
      when: "too late for on-resigned",
      rules,
      state,
      event: { ...event, killAt: x.NOW },
      step: [resigned, ...effects, failed("on-resigned", "lost"), x.RESIGN],
    },
    {
      when: "no on-resigned",
      rules: { hooks: { ...x.HOOKS, onResigned: false } },
      state,
      event,
      step: [resigned, ...effects, x.RESIGN],
    },
  ];
};
/** Of the cells connecting × elected and standby × elected. */
export const elected = (state: State): readonly Example[] => [
  {
    when: "before TERM_AT, on-elected",
    rules,
    state,
    event: x.ELECTED,
    step: [preparing({ deadline: x.NOW + 10_000, failures: 0 }), { do: "hook", hook: "on-elected", reason: "elected" }],
  },
  {
    when: "before TERM_AT, on-elected failed before",
    rules,
    state: { ...state, failures: 2 } as State,
    event: x.ELECTED,
    step: [preparing({ deadline: x.NOW + 10_000 }), { do: "hook", hook: "on-elected", reason: "elected" }],
  },
  {
    when: "before TERM_AT, on-resigned alone",
    rules: { hooks: { ...x.HOOKS, onElected: false } },
    state,
    event: x.ELECTED,
    step: [x.leading(), { do: "start" }],
  },
  {
    when: "at TERM_AT, hooks: nothing is to be undone",
    rules,
    state,
    event: x.elected(x.NOW),
    step: [x.RESIGNING_TO_REJOIN, x.lost("expired"), x.RESIGN],
  },
];

export const PREPARING: Row = {
  signal: [
    {
      when: "stop",
      state: running,
      event: x.signal("SIGTERM"),
      step: [preparing({ ending: STOPPED }), told("SIGTERM", DEADLINE), x.stop("SIGTERM")],
    },
    {
      when: "stop: SIGTERM, whatever was received; --kill-after ends sooner",
      rules: { killAfter: 1, stopWith: "SIGQUIT" },
      state: running,
      event: x.signal("SIGINT"),
      step: [
        preparing({ ending: { cause: "SIGINT", sequel: { exit: 130 } }, deadline: x.NOW + 1 }),
        told("SIGINT", x.NOW + 1),
        x.stop("SIGTERM"),
      ],
    },
    {
      when: "stop again, after a loss: no rejoining",
      rules: { killAfter: 1 },
      state: ending,
      event: x.signal("SIGTERM"),
      step: [
        preparing({ ending: { cause: "expired", sequel: { exit: 143 } }, deadline: x.NOW + 1 }),
        x.stop("SIGTERM"),
      ],
    },
    {
      when: "stop, while it is being killed: no rejoining",
      state: killed,
      event: x.signal("SIGTERM"),
      step: [{ ...killed, ending: { cause: "hook-failed", sequel: { exit: 143 } } }],
    },
    { when: "no stop", state: running, event: x.signal("SIGHUP"), step: [running, x.toNobody("SIGHUP")] },
    {
      when: "hang-up",
      state: running,
      event: x.HANG_UP,
      step: [
        preparing({ ending: { cause: "SIGHUP", sequel: { exit: 129 } } }),
        told("SIGHUP", DEADLINE),
        x.stop("SIGTERM"),
      ],
    },
  ],
  queued: x.ignored(running, x.QUEUED),
  elected: x.ignored(running, x.ELECTED),
  "campaign-failed": x.ignored(running, x.CAMPAIGN_FAILED),
  "start-failed": [
    ...undone(running, x.START_FAILED, FAILED, failed("on-elected", "not-started")),
    {
      when: "while it was to end",
      state: ending,
      event: x.START_FAILED,
      step: [x.RESIGNING_TO_REJOIN, x.RESIGN],
    },
  ],
  lost: [
    {
      when: "before KILL_AT",
      state: running,
      event: x.loss("expired", x.NOW + 1),
      step: [
        preparing({ ending: LOST, deadline: x.NOW + 1 }),
        x.lost("expired"),
        told("expired", x.NOW + 1),
        x.stop("SIGTERM"),
      ],
    },
    {
      when: "at KILL_AT, exit",
      rules: { onLost: "exit" },
      state: running,
      event: x.LOST,
      step: [
        preparing({ ending: { cause: "key-gone", sequel: { exit: 75 } }, deadline: Infinity }),
        x.lost("key-gone"),
        ...x.KILL,
      ],
    },
    {
      when: "while it ends for another reason",
      state: preparing({ ending: STOPPED }),
      event: x.loss("expired", x.NOW + 1),
      step: [
        preparing({ ending: { cause: "expired", sequel: { exit: 143 } }, deadline: x.NOW + 1 }),
        x.lost("expired"),
      ],
    },
    {
      when: "told already",
      state: ending,
      event: x.LOST,
      step: [preparing({ ending: { cause: "key-gone", sequel: "rejoin" }, deadline: Infinity }), ...x.KILL],
    },
    { when: "while it is being killed", state: killed, event: x.LOST, step: [killed] },
  ],
  probed: x.ignored(running, x.probed(false)),
  "step-down": [
    {
      when: "rejoin",
      state: running,
      event: x.STEP_DOWN,
      step: [
        preparing({ ending: { cause: "step-down", sequel: "rejoin" } }),
        told("step-down", DEADLINE),
        x.stop("SIGTERM"),
      ],
    },
    { when: "while it ends", state: ending, event: x.STEP_DOWN, step: [ending] },
  ],
  tick: [
    { when: "before all", state: running, event: x.tick(x.NOW + 1, x.NOW + 2), step: [running] },
    {
      when: "at its deadline",
      state: preparing({ deadline: x.NOW }),
      event: x.tick(x.NOW + 1, x.NOW + 2),
      step: [killed, failed("on-elected", "timeout"), ...x.KILL],
    },
    {
      when: "at its deadline, asked to end before",
      state: preparing({ deadline: x.NOW, ending: STOPPED }),
      event: x.tick(x.NOW + 1, x.NOW + 2),
      step: [preparing({ deadline: Infinity, ending: STOPPED }), ...x.KILL],
    },
    {
      when: "at TERM_AT",
      state: running,
      event: x.tick(x.NOW, x.NOW + 2),
      step: [
        preparing({ ending: LOST, deadline: x.NOW + 2 }),
        x.lost("expired"),
        told("expired", x.NOW + 2),
        x.stop("SIGTERM"),
      ],
    },
    {
      when: "at TERM_AT, asked to end before",
      state: ending,
      event: x.tick(x.NOW, x.NOW + 2),
      step: [ending],
    },
    {
      when: "at KILL_AT",
      state: running,
      event: x.TICK,
      step: [preparing({ ending: LOST, deadline: Infinity }), x.lost("expired"), ...x.KILL],
    },
    { when: "while it is being killed", state: killed, event: x.TICK, step: [killed] },
  ],
  exited: [
    { when: "well", state: running, event: x.exited(0), step: [running, x.TERMINATE] },
    {
      when: "failed",
      state: running,
      event: x.exited(3),
      step: [preparing({ ending: FAILED }), failed("on-elected", { code: 3 }), x.TERMINATE],
    },
    { when: "asked to end before", state: ending, event: x.exited(3), step: [ending, x.TERMINATE] },
    { when: "killed", state: killed, event: x.exited(137), step: [killed] },
  ],
  gone: [
    {
      when: "well: the command is started",
      rules: { ...rules, restart: x.RESTART },
      state: running,
      event: x.GONE,
      step: [x.leading({ quickUntil: x.NOW + 10_000 }), { do: "start" }],
    },
    {
      when: "well, at TERM_AT",
      rules,
      state: running,
      event: { ...x.GONE, termAt: x.NOW },
      step: [undoing(LOST, x.NOW + 10_000), x.lost("expired"), { do: "hook", hook: "on-resigned", reason: "expired" }],
    },
    ...undone(killed, x.GONE, FAILED),
  ],
  resigned: x.ignored(running, x.RESIGNED),
  fault: [
    {
      when: "at work",
      state: running,
      event: x.FAULT,
      step: [preparing({ ending: BUG }), told("bug", DEADLINE), x.stop("SIGTERM")],
    },
    {
      when: "while it ends",
      state: ending,
      event: x.FAULT,
      step: [preparing({ ending: { cause: "expired", sequel: { exit: 70 } } })],
    },
  ],
};

const after = undoing({ cause: "step-down", sequel: "rejoin" });
const lost = undoing(LOST);
const beingKilled = undoing(STOPPED, Infinity);

export const UNDOING: Row = {
  signal: [
    {
      when: "stop: it runs on, no rejoining",
      state: after,
      event: x.signal("SIGINT"),
      step: [undoing({ cause: "step-down", sequel: { exit: 130 } }), x.toNobody("SIGINT")],
    },
    {
      when: "stop, status decided",
      state: undoing(BUG),
      event: x.signal("SIGTERM"),
      step: [undoing(BUG), x.toNobody("SIGTERM")],
    },
    { when: "no stop", state: after, event: x.signal("SIGHUP"), step: [after, x.toNobody("SIGHUP")] },
  ],
  queued: x.ignored(after, x.QUEUED),
  elected: x.ignored(after, x.ELECTED),
  "campaign-failed": x.ignored(after, x.CAMPAIGN_FAILED),
  "start-failed": [
    {
      state: after,
      event: x.START_FAILED,
      step: [x.RESIGNING_TO_REJOIN, failed("on-resigned", "not-started"), x.RESIGN],
    },
  ],
  lost: [
    {
      when: "at KILL_AT",
      state: after,
      event: x.LOST,
      step: [
        undoing({ cause: "key-gone", sequel: "rejoin" }, Infinity),
        x.lost("key-gone"),
        failed("on-resigned", "lost"),
        ...x.KILL,
      ],
    },
    {
      when: "before KILL_AT",
      state: after,
      event: x.loss("expired", x.NOW + 1),
      step: [undoing(LOST, x.NOW + 1), x.lost("expired")],
    },
    {
      when: "told already",
      state: lost,
      event: x.LOST,
      step: [undoing(LOST, Infinity), failed("on-resigned", "lost"), ...x.KILL],
    },
    { when: "while it is being killed", state: beingKilled, event: x.LOST, step: [beingKilled] },
  ],
  probed: x.ignored(after, x.probed(false)),
  "step-down": x.ignored(after, x.STEP_DOWN),
  tick: [
    { when: "before all", state: after, event: x.tick(x.NOW + 1, x.NOW + 2), step: [after] },
    { when: "at TERM_AT", state: after, event: x.tick(x.NOW, x.NOW + 2), step: [after] },
    {
      when: "at its deadline",
      state: undoing(STOPPED, x.NOW),
      event: x.tick(x.NOW + 1, x.NOW + 2),
      step: [beingKilled, failed("on-resigned", "timeout"), ...x.KILL],
    },
    {
      when: "at KILL_AT",
      state: after,
      event: x.TICK,
      step: [undoing(LOST, Infinity), x.lost("expired"), failed("on-resigned", "lost"), ...x.KILL],
    },
    { when: "while it is being killed", state: beingKilled, event: x.TICK, step: [beingKilled] },
  ],
  exited: [
    { when: "well", state: after, event: x.exited(0), step: [after, x.TERMINATE] },
    {
      when: "failed",
      state: after,
      event: x.exited(3),
      step: [after, failed("on-resigned", { code: 3 }), x.TERMINATE],
    },
    { when: "killed", state: beingKilled, event: x.exited(137), step: [beingKilled] },
  ],
  gone: [{ state: after, event: x.GONE, step: [x.RESIGNING_TO_REJOIN, x.RESIGN] }],
  resigned: x.ignored(after, x.RESIGNED),
  fault: [{ state: after, event: x.FAULT, step: [undoing({ cause: "step-down", sequel: { exit: 70 } })] }],
};

const pausing: State = { phase: "pausing", due: x.NOW, failures: 3 };
const tooEarly: State = { phase: "pausing", due: x.NOW + 1, failures: 3 };

/** Of the cell resigning × resigned: others go first. */
export const PAUSES: readonly Example[] = (
  [
    ["the longest pause", 3, 1, 4_000],
    ["the shortest pause", 3, 0, 2_000],
    ["the pause has a limit", 9, 1, 30_000],
  ] as const
).map(([what, retry, chance, delay]): Example => ({
  when: `on-elected failed, ${what}`,
  rules,
  state: { phase: "resigning", sequel: { retry } },
  event: x.resigned(chance),
  step: [
    { phase: "pausing", due: x.NOW + delay, failures: retry },
    { do: "log", event: "rejoining", delay },
  ],
}));

export const PAUSING: Row = {
  signal: [
    {
      when: "stop",
      state: pausing,
      event: x.signal("SIGTERM"),
      step: [{ phase: "done", status: 143 }, x.toNobody("SIGTERM")],
    },
    { when: "no stop", state: pausing, event: x.signal("SIGHUP"), step: [pausing, x.toNobody("SIGHUP")] },
    { when: "hang-up", state: pausing, event: x.HANG_UP, step: [{ phase: "done", status: 129 }, x.toNobody("SIGHUP")] },
  ],
  queued: x.ignored(pausing, x.QUEUED),
  elected: x.ignored(pausing, x.ELECTED),
  "campaign-failed": x.ignored(pausing, x.CAMPAIGN_FAILED),
  "start-failed": x.ignored(pausing, x.START_FAILED),
  lost: x.ignored(pausing, x.LOST),
  probed: x.ignored(pausing, x.probed(false)),
  "step-down": x.ignored(pausing, x.STEP_DOWN),
  tick: [
    { when: "too early", state: tooEarly, event: x.TICK, step: [tooEarly] },
    {
      when: "in time, with --wait counted anew",
      rules: { wait: 500 },
      state: pausing,
      event: x.TICK,
      step: [{ phase: "connecting", giveUp: { at: x.NOW + 500, status: 75 }, failures: 3 }, { do: "campaign" }],
    },
  ],
  exited: x.ignored(pausing, x.EXITED),
  gone: x.ignored(pausing, x.GONE),
  resigned: x.ignored(pausing, x.RESIGNED),
  fault: [{ state: pausing, event: x.FAULT, step: [{ phase: "done", status: 70 }] }],
};
