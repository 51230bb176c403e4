import { test } from "tap";
import { lifecycle } from "../../lib/lifecycle.js";
import type { Event, Phase, State } from "../../lib/states.js";
import { CONNECTING, STANDBY } from "./cells-of-candidate.js";
import { DONE, RESIGNING } from "./cells-of-end.js";
import { PAUSING, PREPARING, UNDOING } from "./cells-of-hooks.js";
import { LEADING } from "./cells-of-leader.js";
import { RESTARTING } from "./cells-of-restart.js";
import { KILLING, STOPPING } from "./cells-of-stop.js";
import type { Cells } from "./examples.js";
import { killing, leading, NOW, restarting, RULES, stopping } from "./examples.js";

const CELLS: Cells = {
  connecting: CONNECTING,
  standby: STANDBY,
  preparing: PREPARING,
  leading: LEADING,
  stopping: STOPPING,
  killing: KILLING,
  restarting: RESTARTING,
  undoing: UNDOING,
  resigning: RESIGNING,
  pausing: PAUSING,
  done: DONE,
};

// Keys of records, so that TypeScript refuses a phase or an event type that is missing here or no longer there.
const PHASES = Object.keys({
  connecting: 0,
  standby: 0,
  preparing: 0,
  leading: 0,
  stopping: 0,
  killing: 0,
  restarting: 0,
  undoing: 0,
  resigning: 0,
  pausing: 0,
  done: 0,
} satisfies Record<Phase, 0>) as Phase[];
const TYPES = Object.keys({
  signal: 0,
  queued: 0,
  elected: 0,
  "campaign-failed": 0,
  "start-failed": 0,
  lost: 0,
  probed: 0,
  "step-down": 0,
  tick: 0,
  exited: 0,
  gone: 0,
  resigned: 0,
  fault: 0,
} satisfies Record<Event["type"], 0>) as Event["type"][];

await test("every cell of the table has an example of its own", async (t) => {
  t.equal(PHASES.length * TYPES.length, 143);
  for (const phase of PHASES) {
    for (const type of TYPES) {
      const examples = CELLS[phase][type];
      t.ok(examples.length > 0, `${phase} × ${type} has an example`);
      for (const { state, event } of examples) t.same([state.phase, event.type], [phase, type], "in its own cell");
      t.equal(
        new Set(examples.map(({ when }) => when)).size,
        examples.length,
        `${phase} × ${type} tells branches apart`,
      );
    }
  }
});

for (const phase of PHASES) {
  for (const type of TYPES) {
    for (const { when, rules, state, event, step } of CELLS[phase][type]) {
      const outcome = step[0] === state && step.length === 1 ? "nothing" : step.map(named).join(", ");
      const title = `${phase} × ${type}${when === undefined ? "" : ` (${when})`}: ${outcome}`;
      await test(title, async (t) => {
        t.strictSame(lifecycle({ ...RULES, ...rules }).step(state, event), step);
      });
    }
  }
}

await test("a life begins with a campaign that waits as long as --wait, for ever without it", async (t) => {
  const campaign = { do: "campaign" };
  t.strictSame(lifecycle(RULES).begin(NOW), [{ phase: "connecting", giveUp: { at: Infinity, status: 69 } }, campaign]);
  t.strictSame(lifecycle({ ...RULES, wait: 500 }).begin(NOW), [
    { phase: "connecting", giveUp: { at: NOW + 500, status: 69 } },
    campaign,
  ]);
});

await test("the next tick is due when something is to be decided, and never otherwise", async (t) => {
  const nextTick = (state: State, times: { termAt: number; killAt: number }) => lifecycle(RULES).nextTick(state, times);
  const term = { termAt: NOW + 10, killAt: NOW + 20 };
  const giveUp = { at: NOW + 5, status: 69 };
  t.equal(nextTick({ phase: "connecting", giveUp }, term), NOW + 5, "connecting: as --wait ends");
  t.equal(nextTick({ phase: "standby", giveUp }, term), NOW + 5, "standby: as --wait ends");
  t.equal(nextTick(leading(), term), NOW + 10, "leading: TERM_AT");
  const health = { due: NOW + 5, probing: false, failures: 0, lenientUntil: NOW };
  t.equal(nextTick({ ...leading(), health }, term), NOW + 5, "leading: the next look at the command's health");
  t.equal(nextTick(restarting({ due: NOW + 5 }), term), NOW + 5, "restarting: the next start");
  t.equal(nextTick(restarting({ due: NOW + 15 }), term), NOW + 10, "restarting: TERM_AT before the next start");
  t.equal(nextTick(stopping({ deadline: NOW + 15 }), term), NOW + 15, "stopping: the deadline before KILL_AT");
  t.equal(nextTick(stopping({ deadline: NOW + 20 }), term), NOW + 20, "stopping: the deadline is KILL_AT");
  t.equal(
    nextTick(stopping({ deadline: NOW + 30 }), term),
    NOW + 10,
    "stopping: TERM_AT, as KILL_AT is before the deadline",
  );
  t.equal(nextTick(killing(), term), undefined, "killing: nothing to wait for");
  t.equal(nextTick({ phase: "resigning", sequel: "rejoin" }, term), undefined, "resigning: nothing to wait for");
  t.equal(nextTick({ phase: "done", status: 0 }, term), undefined, "done: nothing to wait for");
});

/** `resigning`, `log lost`, `forward SIGTERM`: a state or an effect in as many words as a title can bear. */
function named(part: object): string {
  const { phase, do: what, event, signal } = part as Record<"phase" | "do" | "event" | "signal", string | undefined>;
  return [phase ?? what, event, what === "forward" || what === "stop" ? signal : undefined].filter(Boolean).join(" ");
}
