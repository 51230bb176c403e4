import type { Signal } from "../../lib/signals.js";
import type { Effect, Rules, Run, Sequel, State, Step } from "../../lib/states.js";
import type { Example, Row } from "./examples.js";
import { ANSWERS, LOOKS } from "./cells-of-health.js";
import { undone } from "./cells-of-hooks.js";
import * as x from "./examples.js";

const state: State = x.leading();
/** Times of a term that is past TERM_AT; KILL_AT is still to come. */
const KILL_AT = x.NOW + 3_000;

function stepsDown(signal: Signal): Step {
  return [
    x.stopping({ cause: "step-down", sequel: "rejoin", deadline: x.NOW + x.KILL_AFTER }),
    { do: "log", event: "stopping", cause: "step-down", deadline: x.NOW + x.KILL_AFTER },
    x.stop(signal),
  ];
}

/** The command has ended: what it left behind ends next, whatever follows. */
function ended(code: number, sequel: Sequel, ...told: Effect[]): Step {
  return [
    x.stopping({ cause: "ended", sequel, deadline: x.NOW + x.KILL_AFTER, exit: { code } }),
    { do: "log", event: "exited", exit: { code } },
    ...told,
    x.TERMINATE,
  ];
}

/** Ends that are followed by another start, and those that are not. */
function afterEnds(): readonly Example[] {
  const onFailure = { restart: x.RESTART };
  const always = { restart: { ...x.RESTART, when: "always" as const } };
  const [quick, long] = [x.NOW + 1, x.NOW];
  const after = (restarts: number, failures: number): Sequel => ({ restart: x.streak(restarts, failures) });
  const loop: Effect = { do: "log", event: "crash-loop", failures: 6 };
  const row: readonly [string, Partial<Rules>, Partial<Run>, number, Step][] = [
    ["on-failure: well", onFailure, { quickUntil: quick }, 0, ended(0, "command")],
    ["on-failure: failed quickly", onFailure, { quickUntil: quick }, 3, ended(3, after(1, 1))],
    ["on-failure: failed later", onFailure, { quickUntil: long, streak: x.streak(7, 5) }, 3, ended(3, after(1, 0))],
    ["a fifth time", onFailure, { quickUntil: quick, streak: x.streak(4, 4) }, 3, ended(3, after(5, 5))],
    ["a sixth time", onFailure, { quickUntil: quick, streak: x.streak(5, 5) }, 3, ended(3, "command", loop)],
    ["always: well, quickly", always, { quickUntil: quick, streak: x.streak(6, 2) }, 0, ended(0, after(7, 0))],
    ["always: well, later", always, { quickUntil: long, streak: x.streak(6, 0) }, 0, ended(0, after(1, 0))],
    ["always: a sixth time", always, { quickUntil: quick, streak: x.streak(9, 5) }, 3, ended(3, "command", loop)],
  ];
  return row.map(([when, rules, run, code, step]) => ({
    when,
    rules,
    state: x.leading(run),
    event: x.exited(code),
    step,
  }));
}

export const LEADING: Row = {
  signal: [
    {
      when: "stop",
      state,
      event: x.signal("SIGTERM"),
      step: [
        x.stopping({ deadline: x.NOW + x.KILL_AFTER }),
        { do: "log", event: "stopping", cause: "SIGTERM", deadline: x.NOW + x.KILL_AFTER },
        x.stop("SIGTERM"),
      ],
    },
    {
      when: "stop, with stopWith",
      rules: { stopWith: "SIGQUIT" },
      state,
      event: x.signal("SIGINT"),
      step: [
        x.stopping({ cause: "SIGINT", deadline: x.NOW + x.KILL_AFTER }),
        { do: "log", event: "stopping", cause: "SIGINT", deadline: x.NOW + x.KILL_AFTER },
        x.stop("SIGQUIT"),
      ],
    },
    { when: "no stop", state, event: x.signal("SIGHUP"), step: [state, x.forward("SIGHUP")] },
    {
      when: "hang-up",
      state,
      event: x.HANG_UP,
      step: [
        x.stopping({ cause: "SIGHUP", deadline: x.NOW + x.KILL_AFTER }),
        { do: "log", event: "stopping", cause: "SIGHUP", deadline: x.NOW + x.KILL_AFTER },
        x.stop("SIGHUP"),
      ],
    },
    {
      when: "no stop, with stopWith",
      rules: { stopWith: "SIGQUIT" },
      state,
      event: x.signal("SIGHUP"),
      step: [state, x.forward("SIGHUP")],
    },
  ],
  queued: x.ignored(state, x.QUEUED),
  elected: x.ignored(state, x.ELECTED),
  "campaign-failed": x.ignored(state, x.CAMPAIGN_FAILED),
  "start-failed": [
    { state, event: x.START_FAILED, step: [x.resigning(127), x.RESIGN] },
    ...undone(state, x.START_FAILED, { cause: "not-started", sequel: { exit: 127 } }),
  ],
  lost: [
    {
      when: "before KILL_AT, rejoin",
      state,
      event: x.loss("expired", KILL_AT),
      step: [
        x.stopping({ cause: "expired", sequel: "rejoin", deadline: KILL_AT }),
        x.lost("expired"),
        { do: "log", event: "stopping", cause: "expired", deadline: KILL_AT },
        x.stop("SIGTERM"),
      ],
    },
    {
      when: "before KILL_AT, exit, SIGTERM whatever stopWith",
      rules: { onLost: "exit", stopWith: "SIGQUIT" },
      state,
      event: x.loss("lease-gone", KILL_AT),
      step: [
        x.stopping({ cause: "lease-gone", sequel: { exit: 75 }, deadline: KILL_AT }),
        x.lost("lease-gone"),
        { do: "log", event: "stopping", cause: "lease-gone", deadline: KILL_AT },
        x.stop("SIGTERM"),
      ],
    },
    {
      when: "at KILL_AT, rejoin",
      state,
      event: x.loss("key-gone", x.NOW),
      step: [x.killing({ cause: "key-gone", sequel: "rejoin" }), x.lost("key-gone"), ...x.KILL],
    },
    {
      when: "at KILL_AT, exit",
      rules: { onLost: "exit" },
      state,
      event: x.loss("key-gone", x.NOW),
      step: [x.killing({ cause: "key-gone", sequel: { exit: 75 } }), x.lost("key-gone"), ...x.KILL],
    },
  ],
  "step-down": [
    { when: "as on SIGTERM", state, event: x.STEP_DOWN, step: stepsDown("SIGTERM") },
    {
      when: "rejoin, whatever follows a loss; with stopWith",
      rules: { onLost: "exit", stopWith: "SIGQUIT" },
      state,
      event: x.STEP_DOWN,
      step: stepsDown("SIGQUIT"),
    },
  ],
  probed: ANSWERS,
  tick: [
    ...LOOKS,
    { when: "before TERM_AT", state, event: x.tick(x.NOW + 1, KILL_AT), step: [state] },
    {
      when: "at TERM_AT",
      state,
      event: x.tick(x.NOW, KILL_AT),
      step: [
        x.stopping({ cause: "expired", sequel: "rejoin", deadline: KILL_AT }),
        x.lost("expired"),
        { do: "log", event: "stopping", cause: "expired", deadline: KILL_AT },
        x.stop("SIGTERM"),
      ],
    },
    {
      when: "at KILL_AT",
      rules: { onLost: "exit" },
      state,
      event: x.tick(x.NOW - 3_000, x.NOW),
      step: [x.killing({ cause: "expired", sequel: { exit: 75 } }), x.lost("expired"), ...x.KILL],
    },
  ],
  exited: [{ state, event: x.exited(3), step: ended(3, "command") }, ...afterEnds()],
  gone: x.ignored(state, x.GONE),
  resigned: x.ignored(state, x.RESIGNED),
  fault: [
    {
      state,
      event: x.FAULT,
      step: [
        x.stopping({ cause: "bug", sequel: { exit: 70 }, deadline: x.NOW + x.KILL_AFTER }),
        { do: "log", event: "stopping", cause: "bug", deadline: x.NOW + x.KILL_AFTER },
        x.stop("SIGTERM"),
      ],
    },
  ],
};
