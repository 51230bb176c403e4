import type { State } from "../../lib/states.js";
import type { Example, Row } from "./examples.js";
import { elected } from "./cells-of-hooks.js";
import * as x from "./examples.js";

/** Neither phase has started anything, so both answer alike but to `queued`. */
const row = (state: State, queued: readonly Example[], gaveUp: number): Row => ({
  signal: [
    { when: "stop", state, event: x.signal("SIGTERM"), step: [x.resigning(143), x.toNobody("SIGTERM"), x.RESIGN] },
    { when: "other stop", state, event: x.signal("SIGINT"), step: [x.resigning(130), x.toNobody("SIGINT"), x.RESIGN] },
    { when: "no stop", state, event: x.signal("SIGHUP"), step: [state, x.toNobody("SIGHUP")] },
    { when: "hang-up", state, event: x.HANG_UP, step: [x.resigning(129), x.toNobody("SIGHUP"), x.RESIGN] },
  ],
  queued,
  elected: [
    { when: "before TERM_AT", state, event: x.ELECTED, step: [x.leading(), { do: "start" }] },
    {
      when: "before TERM_AT, --health-cmd",
      rules: { health: { ...x.HEALTH, startPeriod: 7 } },
      state,
      event: x.ELECTED,
      step: [
        { ...x.leading(), health: { due: x.NOW + 30_000, probing: false, failures: 0, lenientUntil: x.NOW + 7 } },
        { do: "start" },
      ],
    },
    {
      when: "before TERM_AT, --restart",
      rules: { restart: x.RESTART },
      state,
      event: x.ELECTED,
      step: [x.leading({ quickUntil: x.NOW + 10_000 }), { do: "start" }],
    },
    ...elected(state),
    {
      when: "at TERM_AT, rejoin",
      state,
      event: x.elected(x.NOW),
      step: [x.RESIGNING_TO_REJOIN, x.lost("expired"), x.RESIGN],
    },
    {
      when: "at TERM_AT, exit",
      rules: { onLost: "exit" },
      state,
      event: x.elected(x.NOW),
      step: [x.resigning(75), x.lost("expired"), x.RESIGN],
    },
  ],
  "campaign-failed": [{ state, event: x.CAMPAIGN_FAILED, step: [x.resigning(77), x.RESIGN] }],
  "start-failed": x.ignored(state, x.START_FAILED),
  lost: x.ignored(state, x.LOST),
  probed: x.ignored(state, x.probed(false)),
  "step-down": x.ignored(state, x.STEP_DOWN),
  tick: [
    { when: "before --wait ends", state, event: x.TICK, step: [state] },
    {
      when: "as --wait ends",
      state: { ...state, giveUp: { at: x.NOW, status: gaveUp } } as State,
      event: x.TICK,
      step: [x.resigning(gaveUp), { do: "log", event: "gave-up", reached: gaveUp === 75 }, x.RESIGN],
    },
  ],
  exited: x.ignored(state, x.EXITED),
  gone: x.ignored(state, x.GONE),
  resigned: x.ignored(state, x.RESIGNED),
  fault: [{ state, event: x.FAULT, step: [x.resigning(70), x.RESIGN] }],
});

const connecting: State = { phase: "connecting", giveUp: { at: x.NOW + 1, status: 69 } };
const standby: State = { phase: "standby", giveUp: { at: x.NOW + 1, status: 75 } };

const QUEUES: readonly Example[] = [
  { when: "for the first time", state: connecting, event: x.QUEUED, step: [standby] },
  {
    when: "on-elected failed before",
    state: { ...connecting, failures: 2 },
    event: x.QUEUED,
    step: [{ ...standby, failures: 2 }],
  },
];

export const CONNECTING: Row = row(connecting, QUEUES, 69);
export const STANDBY: Row = row(standby, x.ignored(standby, x.QUEUED), 75);
