import type { LostReason } from "./election.js";
import type { Exit } from "./exit-status.js";
import { ExitStatus, exitStatus } from "./exit-status.js";
import type { Cause, Rules, Sequel, Settled, Streak } from "./states.js";

/** What follows a lost term. */
export function afterLoss(rules: Rules): Settled {
  return rules.onLost === "rejoin" ? "rejoin" : { exit: ExitStatus.notLeader };
}

export function isLoss(cause: Cause): cause is LostReason {
  return cause === "expired" || cause === "lease-gone" || cause === "key-gone";
}

/** Whoever asks us to stop does not want us back in the queue; a status already decided stays. */
export function afterStopSignal<S extends Sequel>(sequel: S, stopped: S): S {
  return sequel === "command" || (typeof sequel === "object" && "exit" in sequel) ? sequel : stopped;
}

export function isRestart(sequel: Sequel): sequel is { readonly restart: Streak } {
  return typeof sequel === "object" && "restart" in sequel;
}

/** What the sequel comes to once the command has ended. */
export function settle(sequel: Exclude<Sequel, { restart: Streak }>, exit: Exit | undefined): Settled {
  // "gone" follows "exited"; without it the supervisor itself is wrong.
  if (sequel === "command") return { exit: exit ? exitStatus(exit) : ExitStatus.bug };
  return sequel;
}
