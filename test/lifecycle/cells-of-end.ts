import type { State } from "../../lib/states.js";
import type { Row } from "./examples.js";
import { PAUSES } from "./cells-of-hooks.js";
import * as x from "./examples.js";

const state = x.resigning(3);
const done: State = { phase: "done", status: 3 };

export const RESIGNING: Row = {
  signal: [
    {
      when: "stop, before rejoining",
      state: x.RESIGNING_TO_REJOIN,
      event: x.signal("SIGINT"),
      step: [x.resigning(130)],
    },
    {
      when: "stop, before a pause",
      state: { phase: "resigning", sequel: { retry: 1 } },
      event: x.signal("SIGINT"),
      step: [x.resigning(130)],
    },
    { when: "stop, status decided", state, event: x.signal("SIGTERM"), step: [state] },
    { when: "no stop", state, event: x.signal("SIGHUP"), step: [state, x.toNobody("SIGHUP")] },
  ],
  queued: x.ignored(state, x.QUEUED),
  elected: x.ignored(state, x.ELECTED),
  "campaign-failed": x.ignored(state, x.CAMPAIGN_FAILED),
  "start-failed": x.ignored(state, x.START_FAILED),
  lost: x.ignored(state, x.LOST),
  probed: x.ignored(state, x.probed(false)),
  "step-down": x.ignored(state, x.STEP_DOWN),
  tick: x.ignored(state, x.TICK),
  exited: x.ignored(state, x.EXITED),
  gone: x.ignored(state, x.GONE),
  resigned: [
    ...PAUSES,
    { when: "exit", state, event: x.RESIGNED, step: [done] },
    {
      when: "rejoin, waiting for ever",
      state: x.RESIGNING_TO_REJOIN,
      event: x.RESIGNED,
      step: [
        { phase: "connecting", giveUp: { at: Infinity, status: 75 } },
        { do: "log", event: "rejoining" },
        { do: "campaign" },
      ],
    },
    {
      when: "rejoin, with --wait counted anew",
      rules: { wait: 500 },
      state: x.RESIGNING_TO_REJOIN,
      event: x.RESIGNED,
      step: [
        { phase: "connecting", giveUp: { at: x.NOW + 500, status: 75 } },
        { do: "log", event: "rejoining" },
        { do: "campaign" },
      ],
    },
  ],
  fault: [{ state, event: x.FAULT, step: [x.resigning(70)] }],
};

export const DONE: Row = {
  signal: x.ignored(done, x.signal("SIGTERM")),
  queued: x.ignored(done, x.QUEUED),
  elected: x.ignored(done, x.ELECTED),
  "campaign-failed": x.ignored(done, x.CAMPAIGN_FAILED),
  "start-failed": x.ignored(done, x.START_FAILED),
  lost: x.ignored(done, x.LOST),
  probed: x.ignored(done, x.probed(false)),
  "step-down": x.ignored(done, x.STEP_DOWN),
  tick: x.ignored(done, x.TICK),
  exited: x.ignored(done, x.EXITED),
  gone: x.ignored(done, x.GONE),
  resigned: x.ignored(done, x.RESIGNED),
  fault: x.ignored(done, x.FAULT),
};
