import type { Health, Rules, State } from "../../lib/states.js";
import type { Example } from "./examples.js";
import * as x from "./examples.js";

const rules: Partial<Rules> = { health: x.HEALTH };
const leading = (change: Partial<Health> = {}): State => ({
  ...x.leading(),
  health: { due: x.NOW, probing: false, failures: 0, lenientUntil: x.NOW, ...change },
});
const BEFORE_TERM = x.tick(x.NOW + 1, x.NOW + 2);
const unhealthy = (failures: number) => ({ do: "log", event: "unhealthy", failures }) as const;
const NEXT = { due: x.NOW + 30_000 };

/** Of the cell leading × tick: looks at the health of the command. */
export const LOOKS: readonly Example[] = [
  {
    when: "a look is not due",
    rules,
    state: leading({ due: x.NOW + 1 }),
    event: BEFORE_TERM,
    step: [leading({ due: x.NOW + 1 })],
  },
  {
    when: "a look is due",
    rules,
    state: leading(),
    event: BEFORE_TERM,
    step: [leading({ ...NEXT, probing: true }), { do: "probe" }],
  },
  {
    when: "a look takes too long",
    rules,
    state: leading({ probing: true }),
    event: BEFORE_TERM,
    step: [leading({ due: Infinity, probing: true }), { do: "end-probe" }],
  },
  {
    when: "a look is due at TERM_AT",
    rules,
    state: leading(),
    event: x.tick(x.NOW, x.NOW),
    step: [x.killing({ cause: "expired", sequel: "rejoin" }), x.lost("expired"), ...x.KILL],
  },
];

/** The cell leading × probed. */
export const ANSWERS: readonly Example[] = [
  { when: "nobody has asked", rules, state: leading(), event: x.probed(false), step: [leading()] },
  {
    when: "healthy",
    rules,
    state: leading({ probing: true, failures: 2 }),
    event: x.probed(true),
    step: [leading({ ...NEXT, lenientUntil: -Infinity })],
  },
  {
    when: "failed, not for the last time",
    rules,
    state: leading({ probing: true, failures: 1 }),
    event: x.probed(false),
    step: [leading({ ...NEXT, failures: 2 }), unhealthy(2)],
  },
  {
    when: "failed, within the start period",
    rules,
    state: leading({ probing: true, lenientUntil: x.NOW + 1 }),
    event: x.probed(false),
    step: [leading({ ...NEXT, lenientUntil: x.NOW + 1 }), unhealthy(0)],
  },
  {
    when: "failed too often",
    rules: { ...rules, onLost: "exit", stopWith: "SIGQUIT" },
    state: leading({ probing: true, failures: 2 }),
    event: x.probed(false),
    step: [
      x.stopping({ cause: "unhealthy", sequel: "rejoin", deadline: x.NOW + x.KILL_AFTER }),
      unhealthy(3),
      { do: "log", event: "stopping", cause: "unhealthy", deadline: x.NOW + x.KILL_AFTER },
      x.stop("SIGQUIT"),
    ],
  },
];
