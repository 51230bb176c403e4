import type { Row } from "./examples.js";
import { undone } from "./cells-of-hooks.js";
import * as x from "./examples.js";

const state = x.restarting();
const due = x.restarting({ due: x.NOW, streak: x.streak(3, 2) });

/** Nothing runs, and we lead. */
export const RESTARTING: Row = {
  signal: [
    ...undone(state, x.signal("SIGTERM"), { cause: "SIGTERM", sequel: { exit: 143 } }, x.toNobody("SIGTERM")),
    { when: "stop", state, event: x.signal("SIGTERM"), step: [x.resigning(143), x.toNobody("SIGTERM"), x.RESIGN] },
    { when: "no stop", state, event: x.signal("SIGHUP"), step: [state, x.toNobody("SIGHUP")] },
    { when: "hang-up", state, event: x.HANG_UP, step: [x.resigning(129), x.toNobody("SIGHUP"), x.RESIGN] },
  ],
  queued: x.ignored(state, x.QUEUED),
  elected: x.ignored(state, x.ELECTED),
  "campaign-failed": x.ignored(state, x.CAMPAIGN_FAILED),
  "start-failed": x.ignored(state, x.START_FAILED),
  lost: [
    ...undone(state, x.loss("expired", x.NOW + 1), { cause: "expired", sequel: "rejoin" }, x.lost("expired")),
    { when: "rejoin", state, event: x.LOST, step: [x.RESIGNING_TO_REJOIN, x.lost("key-gone"), x.RESIGN] },
    {
      when: "exit",
      rules: { onLost: "exit" },
      state,
      event: x.LOST,
      step: [x.resigning(75), x.lost("key-gone"), x.RESIGN],
    },
  ],
  probed: x.ignored(state, x.probed(false)),
  "step-down": [
    ...undone(state, x.STEP_DOWN, { cause: "step-down", sequel: "rejoin" }),
    { state, event: x.STEP_DOWN, step: [x.RESIGNING_TO_REJOIN, x.RESIGN] },
  ],
  tick: [
    { when: "too early", state, event: x.tick(x.NOW + 1, x.NOW + 2), step: [state] },
    {
      when: "in time",
      rules: { restart: x.RESTART },
      state: due,
      event: x.tick(x.NOW + 1, x.NOW + 2),
      step: [x.leading({ quickUntil: x.NOW + 10_000, streak: x.streak(3, 2) }), { do: "start" }],
    },
    {
      when: "at TERM_AT",
      state: due,
      event: x.tick(x.NOW, x.NOW + 2),
      step: [x.RESIGNING_TO_REJOIN, x.lost("expired"), x.RESIGN],
    },
  ],
  exited: x.ignored(state, x.EXITED),
  gone: x.ignored(state, x.GONE),
  resigned: x.ignored(state, x.RESIGNED),
  fault: [
    ...undone(state, x.FAULT, { cause: "bug", sequel: { exit: 70 } }),
    { state, event: x.FAULT, step: [x.resigning(70), x.RESIGN] },
  ],
};
