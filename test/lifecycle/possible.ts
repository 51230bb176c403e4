import { isBeingKilled } from "../../lib/hooks.js";
import type { Lifecycle } from "../../lib/lifecycle.js";
import type { Effect, Event, Rules, State, Step } from "../../lib/states.js";
import type { Game, Violation } from "./explore.js";
import { closingMove, movesIn } from "./moves.js";
import { keepAlways } from "./promises.js";
import { judge } from "./verdict.js";
import type { Move, Situation, Validity } from "./world.js";
import { hear, keyOf, newborn, perform } from "./world.js";

/** Every history that is physically possible, and every promise there is. */
export function possible(life: Lifecycle, rules: Rules): Game<Situation, Move> {
  return {
    first: () => newborn(life.begin(0)[0], rules),
    moves: (situation) => movesIn(situation, rules, dueAt(life, situation)),
    play: (situation, move) => play(life, rules, situation, move),
    flaw: (situation) => tooLate(life, situation) ?? endless(life, rules, situation),
    key: keyOf,
  };
}

const NEVER: Validity = { termAt: Infinity, killAt: Infinity };

function play(
  life: Lifecycle,
  rules: Rules,
  from: Situation,
  { now, term, event: happening }: Move,
): Situation | string {
  const before: Situation = { ...from, now, term };
  if (happening === undefined) return before;
  const event: Event = { ...(term ?? NEVER), ...happening, at: now };
  const step = life.step(before.state, event);
  const memory = keepAlways(rules, before.memory, before.state, event, step);
  if (typeof memory === "string") return memory;
  const reason = reasonAfter(before, event, step);
  if (typeof reason === "object") return reason.broken;
  const verdict = judge(rules, before, event);
  let after: Situation = { ...hear(rules, before, event), state: step[0], memory, verdict, reason };
  for (const effect of step.slice(1) as Effect[]) {
    const next = perform(rules, after, effect);
    if (typeof next === "string") return next;
    after = next;
  }
  return unkept(life, event, after) ?? after;
}

/**
 * A term's reason is its first entry in the log among `exited`, `stopping` and `lost`, and names the event that ended the
 * term. What comes later is news: how the command ended, a loss while stopping. A second `stopping` would be a second reason,
 * except right after its own `lost`. A command that could not be started has its reason in the start's failure.
 */
function reasonAfter(
  { state, reason }: Situation,
  event: Event,
  [after, ...effects]: Step,
): string | undefined | { readonly broken: string } {
  let first = reason;
  for (const effect of effects) {
    if (effect.do !== "log") continue;
    // A restart is no end of the term, so whatever ends it later has a reason of its own.
    if (effect.event === "rejoining" || effect.event === "restarting") return undefined;
    // A failed hook is a reason of its own, whatever has shown that it failed.
    if (effect.event === "hook-failed" && effect.hook === "on-elected") first ??= "hook-failed";
    if (!["stopping", "lost", "exited"].includes(effect.event)) continue;
    const cause = effect.event === "stopping" ? effect.cause : effect.event === "lost" ? effect.reason : "ended";
    if (first === undefined && cause !== causeIn(event)) return { broken: `"${cause}" is not what ended the term` };
    if (effect.event === "stopping" && first !== undefined && (reason !== undefined || first !== cause))
      return { broken: "a term has two reasons" };
    first ??= cause;
  }
  const within: ReadonlySet<string> = new Set(["preparing", "leading"]);
  const left = within.has(state.phase) && !within.has(after.phase) && event.type !== "start-failed";
  return left && first === undefined ? { broken: "a term ends without a reason" } : first;
}

function causeIn(event: Event): string {
  if (event.type === "signal") return event.signal;
  if (event.type === "fault") return "bug";
  if (event.type === "step-down") return "step-down";
  if (event.type === "probed") return "unhealthy";
  if (event.type === "lost") return event.reason;
  return event.type === "exited" ? "ended" : "expired";
}

/** Promises about what a step leads to. */
function unkept(life: Lifecycle, event: Event, after: Situation): string | undefined {
  const { state, command, verdict } = after;
  if (state.phase === "done") {
    if (command !== "none") return "the program exits while the workload lives";
    return state.status === verdict ? undefined : `exit status ${state.status} in place of ${verdict}`;
  }
  if (state.phase === "leading" && verdict !== "open") return "the command runs on though the term is to end";
  if (state.phase === "preparing" && (state.ending === undefined) !== (verdict === "open"))
    return "on-elected runs on though the term is to end, or the other way round";
  const deadline = state.phase === "stopping" ? state.deadline : -Infinity;
  if (event.type === "lost" && Math.max(deadline, hookDeadline(state)) > event.killAt)
    return "a lost term leaves the deadline after KILL_AT";
  if (event.type !== "tick") return undefined;
  const leads =
    state.phase === "leading" || state.phase === "restarting" || (state.phase === "preparing" && !state.ending);
  if (event.at >= event.termAt && (leads || deadline > event.killAt))
    return "TERM_AT has passed, and the end is not set to KILL_AT or before";
  if (event.at >= event.killAt && (state.phase === "stopping" || hookDeadline(state) > -Infinity))
    return "KILL_AT has passed, and nothing is killed";
  return (dueAt(life, after) ?? Infinity) > event.at ? undefined : "a tick is due again at once";
}

/** When a hook is to be killed that is not being killed yet. */
function hookDeadline(state: State): number {
  return (state.phase === "preparing" || state.phase === "undoing") && !isBeingKilled(state)
    ? state.deadline
    : -Infinity;
}

/** While something runs that is not being killed, KILL_AT must not pass without a tick. */
function tooLate(life: Lifecycle, situation: Situation): Violation<Move> | undefined {
  const { state, term = { killAt: Infinity } } = situation;
  const due = dueAt(life, situation) ?? Infinity;
  if (state.phase === "restarting" && due === Infinity) return { broken: "no restart is ever due", history: [] };
  if (state.phase === "pausing" && due === Infinity) return { broken: "no campaign is ever due", history: [] };
  if (state.phase !== "leading" && state.phase !== "stopping" && hookDeadline(state) === -Infinity) return undefined;
  return due <= term.killAt ? undefined : { broken: "no tick is due by KILL_AT", history: [] };
}

/** A stop signal leads to done within --kill-after, though the workload ends only when killed and no renewal comes. */
function endless(life: Lifecycle, rules: Rules, from: Situation): Violation<Move> | undefined {
  let situation = from;
  const history: Move[] = [];
  const stop: Move = { name: "SIGTERM", now: from.now, term: from.term, event: { type: "signal", signal: "SIGTERM" } };
  for (let move: Move | undefined = stop; move; move = closingMove(situation, dueAt(life, situation))) {
    history.push(move);
    const next = play(life, rules, situation, move);
    if (typeof next === "string") return { broken: next, history };
    situation = next;
  }
  if (situation.state.phase !== "done") return { broken: `stuck in ${situation.state.phase}`, history };
  const longest = rules.killAfter + (rules.hooks?.onResigned ? rules.hooks.timeout : 0);
  return situation.now <= from.now + longest ? undefined : { broken: "a stop takes too long", history };
}

function dueAt(life: Lifecycle, { state, term }: Situation): number | undefined {
  return life.nextTick(state, term ?? NEVER);
}
