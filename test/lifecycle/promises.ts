import { exitStatus } from "../../lib/exit-status.js";
import type { Step } from "../../lib/lifecycle.js";
import type { Effect, Event, Rules, State } from "../../lib/states.js";

/** What the promises below must remember of a history. */
export interface Memory {
  /** In this campaign: */
  readonly started: boolean;
  /** A process of the workload may live. */
  readonly alive: boolean;
  /** How the command ended by itself the last time. */
  readonly ended: "well" | "failed" | undefined;
  /** The term is lost, or we were asked to hand it over. */
  readonly over: boolean;
  readonly resigned: boolean;
  /** In this life: */
  readonly stopSignal: boolean;
}

const NEW_CAMPAIGN = { started: false, alive: false, ended: undefined, over: false, resigned: false } as const;
export const NOTHING_YET: Memory = { ...NEW_CAMPAIGN, stopSignal: false };

/** Holds a step against what must be true whatever arrives, possible or not. @returns the new memory, or what was broken. */
export function keepAlways(rules: Rules, memory: Memory, before: State, event: Event, step: Step): Memory | string {
  const [after, ...effects] = step;
  const stopSignal =
    memory.stopSignal || (event.type === "signal" && (event.hungUp === true || rules.stopOn.has(event.signal)));
  if (before.phase === "done" && (after !== before || effects.length > 0)) return "something happens after done";
  const deadline = deadlineBroken(before, after, mayRestart(rules, memory));
  if (deadline !== undefined) return deadline;
  let known: Memory = { ...hear(memory, before, event), stopSignal };
  for (const effect of effects) {
    const broken = effectBroken(rules, known, before, event, after, effect);
    if (broken !== undefined) return broken;
    known = remember(known, effect);
  }
  if (after.phase === "done" && before.phase !== "done" && (event.type !== "resigned" || !known.resigned))
    return "the program exits before it has resigned";
  return known;
}

function remember(memory: Memory, effect: Effect): Memory {
  if (effect.do === "start") return { ...memory, started: true, alive: true, ended: undefined };
  if (effect.do === "resign") return { ...memory, resigned: true };
  if (effect.do === "campaign") return { ...memory, ...NEW_CAMPAIGN };
  return effect.do === "log" && effect.event === "lost" ? { ...memory, over: true } : memory;
}

/** What an event tells, where it can be heard of. */
function hear(memory: Memory, { phase }: State, event: Event): Memory {
  const stops = phase === "stopping" || phase === "killing";
  if (event.type === "step-down" && (stops || phase === "leading" || phase === "restarting"))
    return { ...memory, over: true };
  if (event.type === "exited" && phase === "leading")
    return { ...memory, ended: exitStatus(event.exit) === 0 ? "well" : "failed" };
  if (event.type === "gone" && stops) return { ...memory, alive: false };
  if (event.type === "start-failed" && (stops || phase === "leading"))
    return { ...memory, alive: false, ended: undefined };
  return memory;
}

function deadlineBroken(before: State, after: State, restart: boolean): string | undefined {
  if (before.phase === "killing" && !["killing", "resigning", ...(restart ? ["restarting"] : [])].includes(after.phase))
    return "the killing ends in something else than resigning, or a restart";
  if (after.phase !== "stopping") return undefined;
  if (!Number.isFinite(after.deadline)) return "a stop without a deadline";
  if (before.phase === "stopping" && after.deadline > before.deadline) return "the deadline of a stop moves later";
  return undefined;
}

function effectBroken(
  rules: Rules,
  memory: Memory,
  before: State,
  event: Event,
  after: State,
  effect: Effect,
): string | undefined {
  const { started, alive, resigned, stopSignal } = memory;
  switch (effect.do) {
    case "start":
      if (started && !mayRestart(rules, memory)) return "the command is started twice in one term";
      if (alive) return "the command is started while a process of the workload may live";
      if (resigned) return "the command is started after resigning";
      if (stopSignal) return "the command is started after a stop signal";
      if (memory.over) return "the command is started in a term that is over";
      if (after.phase !== "leading" || event.type !== (started ? "tick" : "elected"))
        return "the command is started while not leading";
      return event.at < event.termAt ? undefined : "the command is started with no validity left";
    case "resign":
      if (resigned) return "a second resignation in one campaign";
      if (alive) return "leadership is resigned while a process of the workload may live";
      return after.phase === "resigning" ? undefined : "resigned, but not resigning";
    case "campaign":
      if (stopSignal) return "a campaign after a stop signal";
      return event.type === "resigned" && resigned ? undefined : "a new campaign before the old one was resigned";
    case "kill":
      return before.phase === "killing" || after.phase !== "killing"
        ? "killed outside the step into killing"
        : undefined;
    case "probe":
    case "end-probe":
      if (after.phase !== "leading") return "a health command where the command is not to run";
      return alive ? undefined : "a health command without a command";
    case "forward":
    case "stop":
    case "terminate":
      return alive && !resigned ? undefined : "a signal is sent where no command was started";
    case "log":
      break;
  }
  return undefined;
}

function mayRestart({ restart }: Rules, { ended }: Memory): boolean {
  return restart !== undefined && ended !== undefined && (restart.when === "always" || ended === "failed");
}
