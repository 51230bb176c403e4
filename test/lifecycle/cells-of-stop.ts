import type { Sequel, State } from "../../lib/states.js";
import type { Example, Row } from "./examples.js";
import { undone } from "./cells-of-hooks.js";
import * as x from "./examples.js";

const state = x.stopping();
const { deadline } = state;
const rejoining = x.stopping({ cause: "expired", sequel: "rejoin" });
/** The command has ended and is to be started again once nothing is left of it. */
const AGAIN: Sequel = { restart: x.streak(3, 2) };
const again = x.stopping({ cause: "ended", sequel: AGAIN, exit: { code: 3 } });
const killingAgain = x.killing({ sequel: AGAIN, exit: { code: 3 } });

/** There is nothing to stop after all: that is the last word, whatever was to follow. */
const startFailed = (of: (sequel: Sequel) => State): readonly Example[] => [
  { when: "command", state: of("command"), event: x.START_FAILED, step: [x.resigning(127), x.RESIGN] },
  { when: "rejoin", state: of("rejoin"), event: x.START_FAILED, step: [x.resigning(127), x.RESIGN] },
  { when: "decided", state: of({ exit: 75 }), event: x.START_FAILED, step: [x.resigning(75), x.RESIGN] },
  { when: "restart", state: of(AGAIN), event: x.START_FAILED, step: [x.resigning(127), x.RESIGN] },
  ...undone(of("command"), x.START_FAILED, { cause: "SIGTERM", sequel: { exit: 127 } }),
];

/** Nothing is left: the sequel is settled, with the command's status where it is the command's. */
const gone = (of: (sequel: Sequel, exit?: { code: number } | { signal: "SIGKILL" }) => State): readonly Example[] => [
  { when: "its status", state: of("command", { code: 3 }), event: x.GONE, step: [x.resigning(3), x.RESIGN] },
  {
    when: "its signal",
    state: of("command", { signal: "SIGKILL" }),
    event: x.GONE,
    step: [x.resigning(137), x.RESIGN],
  },
  ...undone(of("command", { code: 3 }), x.GONE, { cause: "SIGTERM", sequel: { exit: 3 } }),
  { when: "never exited", state: of("command"), event: x.GONE, step: [x.resigning(70), x.RESIGN] },
  { when: "rejoin", state: of("rejoin", { code: 3 }), event: x.GONE, step: [x.RESIGNING_TO_REJOIN, x.RESIGN] },
  { when: "decided", state: of({ exit: 75 }, { code: 3 }), event: x.GONE, step: [x.resigning(75), x.RESIGN] },
  ...(
    [
      ["restart, the longest pause", 1, x.RESTART, 400],
      ["restart, the shortest pause", 0, x.RESTART, 200],
      ["restart, the pause has a limit", 1, { ...x.RESTART, longest: 300 }, 300],
    ] as const
  ).map(([when, chance, restart, delay]): Example => ({
    when,
    rules: { restart },
    state: of(AGAIN, { code: 3 }),
    event: x.gone(chance),
    step: [
      x.restarting({ due: x.NOW + delay, streak: x.streak(3, 2) }),
      { do: "log", event: "restarting", attempt: 3, delay },
    ],
  })),
];

export const STOPPING: Row = {
  signal: [
    { when: "stop again", state, event: x.signal("SIGINT"), step: [state, x.stop("SIGINT")] },
    {
      when: "stop again, with stopWith",
      rules: { stopWith: "SIGQUIT" },
      state,
      event: x.signal("SIGTERM"),
      step: [state, x.stop("SIGQUIT")],
    },
    {
      when: "stop, after a loss: no rejoining, and sooner if --kill-after ends sooner",
      rules: { killAfter: 1 },
      state: rejoining,
      event: x.signal("SIGTERM"),
      step: [{ ...rejoining, sequel: "command", deadline: x.NOW + 1 }, x.stop("SIGTERM")],
    },
    {
      when: "stop, after the status was decided",
      state: x.stopping({ sequel: { exit: 75 } }),
      event: x.signal("SIGTERM"),
      step: [x.stopping({ sequel: { exit: 75 } }), x.stop("SIGTERM")],
    },
    {
      when: "stop, before a restart: none",
      state: again,
      event: x.signal("SIGTERM"),
      step: [{ ...again, sequel: "command" }, x.stop("SIGTERM")],
    },
    { when: "no stop", state: rejoining, event: x.signal("SIGHUP"), step: [rejoining, x.forward("SIGHUP")] },
  ],
  queued: x.ignored(state, x.QUEUED),
  elected: x.ignored(state, x.ELECTED),
  "campaign-failed": x.ignored(state, x.CAMPAIGN_FAILED),
  "start-failed": startFailed((sequel) => x.stopping({ sequel })),
  lost: [
    {
      when: "KILL_AT before the deadline",
      state,
      event: x.loss("expired", deadline - 1),
      step: [x.stopping({ cause: "expired", deadline: deadline - 1 }), x.lost("expired")],
    },
    {
      when: "KILL_AT after the deadline",
      state,
      event: x.loss("expired", deadline + 1),
      step: [x.stopping({ cause: "expired" }), x.lost("expired")],
    },
    {
      when: "told already",
      state: rejoining,
      event: x.loss("expired", rejoining.deadline - 1),
      step: [{ ...rejoining, deadline: rejoining.deadline - 1 }],
    },
    {
      when: "asked to stop by another signal than SIGTERM before",
      state: x.stopping({ cause: "SIGINT" }),
      event: x.loss("expired", deadline - 1),
      step: [x.stopping({ cause: "expired", deadline: deadline - 1 }), x.lost("expired"), x.stop("SIGTERM")],
    },
    {
      when: "asked to stop by SIGQUIT in place of SIGTERM before",
      rules: { stopWith: "SIGQUIT" },
      state,
      event: x.loss("expired", deadline - 1),
      step: [x.stopping({ cause: "expired", deadline: deadline - 1 }), x.lost("expired"), x.stop("SIGTERM")],
    },
    {
      when: "asked to stop by SIGTERM in place of SIGINT before",
      rules: { stopWith: "SIGTERM" },
      state: x.stopping({ cause: "SIGINT" }),
      event: x.loss("expired", deadline - 1),
      step: [x.stopping({ cause: "expired", deadline: deadline - 1 }), x.lost("expired")],
    },
    {
      when: "asked to hand over before",
      state: x.stopping({ cause: "step-down", sequel: "rejoin" }),
      event: x.loss("expired", deadline - 1),
      step: [x.stopping({ cause: "expired", sequel: "rejoin", deadline: deadline - 1 }), x.lost("expired")],
    },
    {
      when: "asked to hand over by SIGQUIT in place of SIGTERM before",
      rules: { stopWith: "SIGQUIT" },
      state: x.stopping({ cause: "step-down", sequel: "rejoin" }),
      event: x.loss("expired", deadline - 1),
      step: [
        x.stopping({ cause: "expired", sequel: "rejoin", deadline: deadline - 1 }),
        x.lost("expired"),
        x.stop("SIGTERM"),
      ],
    },
    {
      when: "at KILL_AT",
      state,
      event: x.loss("key-gone", x.NOW),
      step: [x.killing({ cause: "key-gone" }), x.lost("key-gone"), ...x.KILL],
    },
    {
      when: "before a restart: none",
      state: again,
      event: x.loss("expired", deadline - 1),
      step: [{ ...again, cause: "expired", sequel: "rejoin", deadline: deadline - 1 }, x.lost("expired")],
    },
    {
      when: "at KILL_AT, before a restart: none",
      rules: { onLost: "exit" },
      state: again,
      event: x.loss("key-gone", x.NOW),
      step: [x.killing({ cause: "key-gone", sequel: { exit: 75 }, exit: { code: 3 } }), x.lost("key-gone"), ...x.KILL],
    },
  ],
  probed: x.ignored(state, x.probed(false)),
  "step-down": [
    { when: "nothing to change", state, event: x.STEP_DOWN, step: [state] },
    { when: "before a restart: none", state: again, event: x.STEP_DOWN, step: [{ ...again, sequel: "rejoin" }] },
  ],
  tick: [
    { when: "before all", state, event: x.tick(x.NOW + 1, x.NOW + 2), step: [state] },
    {
      when: "at the deadline",
      state: x.stopping({ deadline: x.NOW, exit: { code: 3 } }),
      event: x.tick(x.NOW + 1, x.NOW + 2),
      step: [x.killing({ exit: { code: 3 } }), ...x.KILL],
    },
    {
      when: "at TERM_AT, KILL_AT before the deadline",
      state,
      event: x.tick(x.NOW, deadline - 1),
      step: [x.stopping({ cause: "expired", deadline: deadline - 1 }), x.lost("expired")],
    },
    { when: "at TERM_AT, KILL_AT not before the deadline", state, event: x.tick(x.NOW, deadline), step: [state] },
    {
      when: "at KILL_AT",
      state,
      event: x.tick(x.NOW - 1, x.NOW),
      step: [x.killing({ cause: "expired" }), x.lost("expired"), ...x.KILL],
    },
  ],
  exited: [
    {
      state,
      event: x.exited(3),
      step: [x.stopping({ exit: { code: 3 } }), { do: "log", event: "exited", exit: { code: 3 } }, x.TERMINATE],
    },
  ],
  gone: gone((sequel, exit) => x.stopping({ sequel, ...(exit && { exit }) })),
  resigned: x.ignored(state, x.RESIGNED),
  fault: [{ state, event: x.FAULT, step: [x.stopping({ sequel: { exit: 70 } })] }],
};

export const KILLING: Row = {
  signal: [
    {
      when: "stop, after a loss: no rejoining",
      state: x.killing({ sequel: "rejoin" }),
      event: x.signal("SIGTERM"),
      step: [x.killing()],
    },
    {
      when: "stop, after the status was decided",
      state: x.killing({ sequel: { exit: 75 } }),
      event: x.signal("SIGTERM"),
      step: [x.killing({ sequel: { exit: 75 } })],
    },
    {
      when: "stop, before a restart: none",
      state: killingAgain,
      event: x.signal("SIGTERM"),
      step: [{ ...killingAgain, sequel: "command" }],
    },
    { when: "no stop", state: x.killing(), event: x.signal("SIGHUP"), step: [x.killing()] },
  ],
  queued: x.ignored(x.killing(), x.QUEUED),
  elected: x.ignored(x.killing(), x.ELECTED),
  "campaign-failed": x.ignored(x.killing(), x.CAMPAIGN_FAILED),
  "start-failed": startFailed((sequel) => x.killing({ sequel })),
  lost: [
    { when: "known already, or nothing to change", state: x.killing(), event: x.LOST, step: [x.killing()] },
    {
      when: "before a restart: none",
      state: killingAgain,
      event: x.LOST,
      step: [{ ...killingAgain, sequel: "rejoin" }, x.lost("key-gone")],
    },
  ],
  probed: x.ignored(x.killing(), x.probed(false)),
  "step-down": [
    { when: "nothing to change", state: x.killing(), event: x.STEP_DOWN, step: [x.killing()] },
    {
      when: "before a restart: none",
      state: killingAgain,
      event: x.STEP_DOWN,
      step: [{ ...killingAgain, sequel: "rejoin" }],
    },
  ],
  tick: x.ignored(x.killing(), x.TICK),
  exited: [
    {
      state: x.killing(),
      event: x.exited(3),
      step: [x.killing({ exit: { code: 3 } }), { do: "log", event: "exited", exit: { code: 3 } }],
    },
  ],
  gone: gone((sequel, exit) => x.killing({ sequel, ...(exit && { exit }) })),
  resigned: x.ignored(x.killing(), x.RESIGNED),
  fault: [{ state: x.killing(), event: x.FAULT, step: [x.killing({ sequel: { exit: 70 } })] }],
};
