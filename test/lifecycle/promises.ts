import { exitStatus } from "../../lib/exit-status.js";
import { isBeingKilled } from "../../lib/hooks.js";
import type { Effect, Event, Rules, State, Step } from "../../lib/states.js";

/** What the promises below must remember of a history. */
export interface Memory {
  /** In this campaign: */
  readonly started: boolean;
  /** What has become of `on-elected`: that it runs is all that is known until it fails. */
  readonly prepared: "no" | "runs" | "failed";
  /** `on-resigned` was started. */
  readonly undone: boolean;
  /** A process of the workload or of a hook may live. */
  readonly alive: boolean;
  /** How the command ended by itself the last time. */
  readonly ended: "well" | "failed" | undefined;
  /** The term is lost, or we were asked to hand it over. */
  readonly over: boolean;
  readonly resigned: boolean;
  /** In this life: */
  readonly stopSignal: boolean;
}

const NEW_CAMPAIGN = {
  started: false,
  prepared: "no",
  undone: false,
  alive: false,
  ended: undefined,
  over: false,
  resigned: false,
} as const;
export const NOTHING_YET: Memory = { ...NEW_CAMPAIGN, stopSignal: false };

/** Holds a step against what must be true whatever arrives, possible or not. @returns the new memory, or what was broken. */
export function keepAlways(rules: Rules, memory: Memory, before: State, event: Event, step: Step): Memory | string {
  const [after, ...effects] = step;
  const stopSignal =
    memory.stopSignal || (event.type === "signal" && (event.hungUp === true || rules.stopOn.has(event.signal)));
  if (before.phase === "done" && (after !== before || effects.length > 0)) return "something happens after done";
  const deadline = deadlineBroken(rules, before, after, mayRestart(rules, memory)) ?? hookDeadlineBroken(before, after);
  if (deadline !== undefined) return deadline;
  let known: Memory = { ...hear(memory, before, event), stopSignal };
  for (const effect of effects) {
    const broken = effectBroken(rules, known, before, event, after, effect);
    if (broken !== undefined) return broken;
    known = remember(known, effect);
  }
  const ends = event.type === "resigned" || before.phase === "pausing" || before.phase === "done";
  if (after.phase === "done" && !(ends && (known.resigned || before.phase === "done")))
    return "the program exits before it has resigned";
  return known;
}

function remember(memory: Memory, effect: Effect): Memory {
  if (effect.do === "start") return { ...memory, started: true, alive: true, ended: undefined };
  if (effect.do === "hook")
    return { ...memory, alive: true, ...(effect.hook === "on-elected" ? { prepared: "runs" } : { undone: true }) };
  if (effect.do === "resign") return { ...memory, resigned: true };
  if (effect.do === "campaign") return { ...memory, ...NEW_CAMPAIGN };
  return effect.do === "log" && effect.event === "lost" ? { ...memory, over: true } : memory;
}

/** What an event tells, where it can be heard of. */
function hear(memory: Memory, { phase }: State, event: Event): Memory {
  const stops = phase === "stopping" || phase === "killing";
  const hook = phase === "preparing" || phase === "undoing";
  if (event.type === "step-down" && (stops || phase === "leading" || phase === "restarting" || phase === "preparing"))
    return { ...memory, over: true };
  if (event.type === "exited" && phase === "leading")
    return { ...memory, ended: exitStatus(event.exit) === 0 ? "well" : "failed" };
  if (event.type === "exited" && phase === "preparing" && exitStatus(event.exit) !== 0)
    return { ...memory, prepared: "failed" };
  if (event.type === "gone" && (stops || hook)) return { ...memory, alive: false };
  if (event.type === "start-failed" && phase === "preparing") return { ...memory, alive: false, prepared: "failed" };
  if (event.type === "start-failed" && (stops || hook || phase === "leading"))
    return { ...memory, alive: false, ended: undefined };
  return memory;
}

function deadlineBroken({ hooks }: Rules, before: State, after: State, restart: boolean): string | undefined {
  const ends = ["killing", "resigning", ...(restart ? ["restarting"] : []), ...(hooks?.onResigned ? ["undoing"] : [])];
  if (before.phase === "killing" && !ends.includes(after.phase))
    return "the killing ends in something else than resigning, or a restart";
  if (after.phase !== "stopping") return undefined;
  if (!Number.isFinite(after.deadline)) return "a stop without a deadline";
  if (before.phase === "stopping" && after.deadline > before.deadline) return "the deadline of a stop moves later";
  return undefined;
}

function hookDeadlineBroken(before: State, after: State): string | undefined {
  const [was, is] = [hookDeadline(before), hookDeadline(after)];
  if (before.phase !== after.phase || was === undefined || is === undefined) return undefined;
  if (was === Infinity && is < Infinity) return "a hook that is being killed gets time";
  return is > was && is < Infinity ? "the deadline of a hook moves later" : undefined;
}

function hookDeadline(state: State): number | undefined {
  return state.phase === "preparing" || state.phase === "undoing" ? state.deadline : undefined;
}

function isKilling(state: State): boolean {
  return (
    state.phase === "killing" || ((state.phase === "preparing" || state.phase === "undoing") && isBeingKilled(state))
  );
}

function hookBroken(
  { hooks }: Rules,
  { prepared, undone, started, alive, resigned, stopSignal }: Memory,
  event: Event,
  after: State,
  effect: Extract<Effect, { do: "hook" }>,
): string | undefined {
  if (alive) return "a hook is started while a process of the workload or of a hook may live";
  if (resigned) return "a hook is started after resigning";
  if (after.phase !== (effect.hook === "on-elected" ? "preparing" : "undoing")) return "a hook in the wrong phase";
  if (hooks === undefined || after.deadline > event.at + hooks.timeout) return "a hook may take too long";
  if (effect.hook === "on-elected") {
    if (prepared !== "no" || started) return "on-elected runs twice in one term, or after the command";
    if (stopSignal) return "on-elected is started after a stop signal";
    return event.type === "elected" && event.at < event.termAt ? undefined : "on-elected is started while not leading";
  }
  if (undone) return "on-resigned runs twice in one term";
  if (!started && prepared === "no") return "on-resigned runs, and nothing was done";
  return event.at < event.killAt ? undefined : "on-resigned is started when another host may lead";
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
      if (rules.hooks?.onElected && memory.prepared !== "runs") return "the command is started without on-elected";
      if (after.phase !== "leading" || event.type !== (started ? "tick" : rules.hooks?.onElected ? "gone" : "elected"))
        return "the command is started while not leading";
      return event.at < event.termAt ? undefined : "the command is started with no validity left";
    case "hook":
      return hookBroken(rules, memory, event, after, effect);
    case "resign":
      if (resigned) return "a second resignation in one campaign";
      if (rules.hooks?.onResigned && isLeft(memory) && event.at < event.killAt)
        return "resigned, and nothing is undone";
      if (alive) return "leadership is resigned while a process of the workload may live";
      return after.phase === "resigning" ? undefined : "resigned, but not resigning";
    case "campaign":
      if (stopSignal) return "a campaign after a stop signal";
      return (event.type === "resigned" || before.phase === "pausing") && resigned
        ? undefined
        : "a new campaign before the old one was resigned";
    case "kill":
      return isKilling(before) || !isKilling(after) ? "killed outside the step into killing" : undefined;
    case "probe":
    case "end-probe":
      if (after.phase !== "leading") return "a health command where the command is not to run";
      return alive ? undefined : "a health command without a command";
    case "forward":
      if (hookDeadline(before) !== undefined) return "a signal that is no stop is passed on to a hook";
      return alive && !resigned ? undefined : "a signal is sent where no command was started";
    case "stop":
    case "terminate":
      return alive && !resigned ? undefined : "a signal is sent where no command was started";
    case "log":
      break;
  }
  return undefined;
}

/** Something was done for the term that nobody has begun to undo. */
function isLeft({ started, prepared, undone }: Memory): boolean {
  return (started || prepared !== "no") && !undone;
}

function mayRestart({ restart }: Rules, { ended }: Memory): boolean {
  return restart !== undefined && ended !== undefined && (restart.when === "always" || ended === "failed");
}
