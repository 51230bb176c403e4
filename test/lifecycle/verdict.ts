import { ExitStatus, exitStatus, signalledStatus } from "../../lib/exit-status.js";
import type { Event, Rules } from "../../lib/states.js";
import type { Situation } from "./world.js";

/**
 * What must follow, told from the history alone: nothing decided yet, back to standby, an exit with the status of the
 * command that still runs, or an exit with this status.
 */
export type Verdict = "open" | "rejoin" | "command" | number;

/** The contract's tables "causes of a stop" and "exit status". The first cause decides; a bug (70) overrides all. */
export function judge(rules: Rules, before: Situation, event: Event): Verdict {
  const { verdict, exit, command, hook } = before;
  if (event.type === "fault") return ExitStatus.bug;
  if (typeof verdict === "number") return verdict;
  if (event.type === "start-failed" && !hook) return event.status;
  if (event.type === "gone" && verdict === "command") return exitStatus(exit ?? { code: ExitStatus.bug });
  if (event.type === "signal" && (event.hungUp === true || rules.stopOn.has(event.signal)))
    return command === "none" || hook ? signalledStatus(event.signal) : "command";
  if (verdict !== "open") return verdict;
  return hook ? whilePreparing(rules, before, event) : firstCause(rules, before, event);
}

/** What ends a term in which `on-elected` still runs. */
function whilePreparing(rules: Rules, { hookUntil }: Situation, event: Event): Verdict {
  const { at, termAt, killAt } = event;
  const afterLoss = rules.onLost === "rejoin" ? "rejoin" : ExitStatus.notLeader;
  switch (event.type) {
    case "lost":
      return afterLoss;
    case "step-down":
    case "start-failed":
      return "rejoin";
    case "exited":
      return exitStatus(event.exit) === 0 ? "open" : "rejoin";
    case "gone":
      return at < termAt ? "open" : afterLoss;
    case "tick":
      if (at >= killAt) return afterLoss;
      if (at >= hookUntil) return "rejoin";
      return at < termAt ? "open" : afterLoss;
    case "signal":
    case "queued":
    case "elected":
    case "campaign-failed":
    case "probed":
    case "resigned":
    case "fault":
      break;
  }
  return "open";
}

function firstCause(rules: Rules, before: Situation, event: Event): Verdict {
  const { giveUpAt, reached, term } = before;
  const afterLoss = rules.onLost === "rejoin" ? "rejoin" : ExitStatus.notLeader;
  switch (event.type) {
    case "campaign-failed":
      return event.status;
    case "elected":
      return event.at < event.termAt ? "open" : afterLoss;
    case "lost":
      return afterLoss;
    case "step-down":
      return "rejoin";
    case "probed":
      return !event.healthy && illAfter(before, event.at) >= (rules.health?.retries ?? 0) ? "rejoin" : "open";
    case "exited":
      return failuresAfter(rules, before, event) === "enough" ? "command" : "open";
    case "tick":
      if (term !== undefined) return expires(before, event) ? afterLoss : "open";
      return event.at < giveUpAt ? "open" : reached ? ExitStatus.notLeader : ExitStatus.unavailable;
    case "signal":
    case "queued":
    case "resigned":
    case "gone":
    case "start-failed":
    case "fault":
      break;
  }
  return "open";
}

/** Whether a tick finds the term over. What the command left behind may go on ending if that is done by KILL_AT. */
function expires({ state, command }: Situation, { at, termAt, killAt }: Extract<Event, { type: "tick" }>): boolean {
  if (command !== "ended") return at >= termAt;
  return state.phase === "stopping" && at < state.deadline && at >= termAt && killAt < state.deadline;
}

/** How many quick failures there are in a row with this one; `enough` if the command is not to be started again. */
export function failuresAfter(
  { restart }: Rules,
  { failures, quickUntil }: Pick<Situation, "failures" | "quickUntil">,
  { at, exit }: Extract<Event, { type: "exited" }>,
): number | "enough" {
  const failed = exitStatus(exit) !== 0;
  if (restart === undefined || (restart.when === "on-failure" && !failed)) return "enough";
  if (!failed || at >= quickUntil) return 0;
  return failures < restart.most ? failures + 1 : "enough";
}

/** How many looks at the health have failed in a row with one that fails now. */
export function illAfter({ ill, lenientUntil }: Pick<Situation, "ill" | "lenientUntil">, at: number): number {
  return at < lenientUntil ? 0 : ill + 1;
}
