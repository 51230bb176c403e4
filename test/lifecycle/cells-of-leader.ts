import type { State } from "../../lib/states.js";
import type { Row } from "./examples.js";
import * as x from "./examples.js";

const state: State = { phase: "leading" };
/** Times of a term that is past TERM_AT; KILL_AT is still to come. */
const KILL_AT = x.NOW + 3_000;

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
  "start-failed": [{ state, event: x.START_FAILED, step: [x.resigning(127), x.RESIGN] }],
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
      step: [x.killing({ sequel: "rejoin" }), x.lost("key-gone"), ...x.KILL],
    },
    {
      when: "at KILL_AT, exit",
      rules: { onLost: "exit" },
      state,
      event: x.loss("key-gone", x.NOW),
      step: [x.killing({ sequel: { exit: 75 } }), x.lost("key-gone"), ...x.KILL],
    },
  ],
  tick: [
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
      step: [x.killing({ sequel: { exit: 75 } }), x.lost("expired"), ...x.KILL],
    },
  ],
  exited: [
    {
      state,
      event: x.exited(3),
      step: [
        x.stopping({ cause: "ended", deadline: x.NOW + x.KILL_AFTER, exit: { code: 3 } }),
        { do: "log", event: "exited", exit: { code: 3 } },
        x.TERMINATE,
      ],
    },
  ],
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
