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
  const { verdict, exit, command } = before;
  if (event.type === "fault") return ExitStatus.bug;
  if (typeof verdict === "number") return verdict;
  if (event.type === "start-failed") return event.status;
  if (event.type === "gone" && verdict === "command") return exitStatus(exit ?? { code: ExitStatus.bug });
  if (event.type === "signal" && (event.hungUp === true || rules.stopOn.has(event.signal)))
    return command === "none" ? signalledStatus(event.signal) : "command";
  return verdict === "open" ? firstCause(rules, before, event) : verdict;
}

function firstCause(rules: Rules, { giveUpAt, reached, command }: Situation, event: Event): Verdict {
  const afterLoss = rules.onLost === "rejoin" ? "rejoin" : ExitStatus.notLeader;
  switch (event.type) {
    case "campaign-failed":
      return event.status;
    case "elected":
      return event.at < event.termAt ? "open" : afterLoss;
    case "lost":
      return afterLoss;
    case "exited":
      return "command";
    case "tick":
      if (command !== "none") return event.at >= event.termAt ? afterLoss : "open";
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
