import type { Step } from "../../lib/lifecycle.js";
import type { Effect, Event, Rules, State } from "../../lib/states.js";

/** What the promises below must remember of a history. */
export interface Memory {
  /** In this campaign: */
  readonly started: boolean;
  readonly resigned: boolean;
  /** In this life: */
  readonly stopSignal: boolean;
}

export const NOTHING_YET: Memory = { started: false, resigned: false, stopSignal: false };

/** Holds a step against what must be true whatever arrives, possible or not. @returns the new memory, or what was broken. */
export function keepAlways(rules: Rules, memory: Memory, before: State, event: Event, step: Step): Memory | string {
  const [after, ...effects] = step;
  const stopSignal =
    memory.stopSignal || (event.type === "signal" && (event.hungUp === true || rules.stopOn.has(event.signal)));
  if (before.phase === "done" && (after !== before || effects.length > 0)) return "something happens after done";
  const deadline = deadlineBroken(before, after);
  if (deadline !== undefined) return deadline;
  let { started, resigned } = memory;
  for (const effect of effects) {
    const broken = effectBroken({ started, resigned, stopSignal }, before, event, after, effect);
    if (broken !== undefined) return broken;
    if (effect.do === "start") started = true;
    if (effect.do === "resign") resigned = true;
    if (effect.do === "campaign") started = resigned = false;
  }
  if (after.phase === "done" && before.phase !== "done" && (event.type !== "resigned" || !resigned))
    return "the program exits before it has resigned";
  return { started, resigned, stopSignal };
}

function deadlineBroken(before: State, after: State): string | undefined {
  if (before.phase === "killing" && after.phase !== "killing" && after.phase !== "resigning")
    return "the killing ends in something else than resigning";
  if (after.phase !== "stopping") return undefined;
  if (!Number.isFinite(after.deadline)) return "a stop without a deadline";
  if (before.phase === "stopping" && after.deadline > before.deadline) return "the deadline of a stop moves later";
  return undefined;
}

function effectBroken(
  { started, resigned, stopSignal }: Memory,
  before: State,
  event: Event,
  after: State,
  effect: Effect,
): string | undefined {
  switch (effect.do) {
    case "start":
      if (started) return "the command is started twice in one term";
      if (resigned) return "the command is started after resigning";
      if (stopSignal) return "the command is started after a stop signal";
      if (after.phase !== "leading" || event.type !== "elected") return "the command is started while not leading";
      return event.at < event.termAt ? undefined : "the command is started with no validity left";
    case "resign":
      if (resigned) return "a second resignation in one campaign";
      if (started && event.type !== "gone" && event.type !== "start-failed")
        return "leadership is resigned while a process of the workload may live";
      return after.phase === "resigning" ? undefined : "resigned, but not resigning";
    case "campaign":
      if (stopSignal) return "a campaign after a stop signal";
      return event.type === "resigned" && resigned ? undefined : "a new campaign before the old one was resigned";
    case "kill":
      return before.phase === "killing" || after.phase !== "killing"
        ? "killed outside the step into killing"
        : undefined;
    case "forward":
    case "stop":
    case "terminate":
      return started && !resigned ? undefined : "a signal is sent where no command was started";
    case "log":
      break;
  }
  return undefined;
}
