import { isatty } from "node:tty";
import type { Clock } from "./clock.js";
import type { Exit } from "./exit-status.js";
import { messageOf } from "./failure.js";
import { openLibc } from "./libc.js";
import type { Log } from "./log.js";
import { childrenOf } from "./proc.js";
import { reapOrphans, tellChildren } from "./reaper.js";
import { atTerminal, keepTerminal } from "./terminal.js";

/** What an init owes: to orphans, and to the terminal of a command that was killed. */
export interface Init {
  /** Whether a child of ours is an orphan that fell to us. */
  readonly adopted: (pid: number) => boolean;
  /** The children that we have now; null if no orphan falls to us. */
  readonly children: () => readonly number[] | null;
  /** Takes up the duties, once; what this machine cannot do is logged and left. */
  open(): Promise<void>;
  /** Takes the terminal back from a command of which nothing is left. */
  readonly release: (exit: Exit) => void;
}

/** Call it before anything is started. The duties end with the signal. */
export function initOf(clock: Clock, log: Log, signal: AbortSignal): Init {
  const children = tellChildren();
  let opened: Promise<void> | undefined;
  let restoreTerminal = (): void => {};
  const open = async (): Promise<void> => {
    const libc = await openLibc().catch((error: unknown) => without(messageOf(error), log));
    if (libc === undefined) return;
    libc.becomeSubreaper();
    // Where a line of our log would stop us (stty tostop), it is written all the same.
    libc.ignore("SIGTTOU");
    if (atTerminal()) restoreTerminal = keepTerminal(libc);
    // At its end Node sets all terminals back to what they were at its start, and aborts where that fails.
    if ([0, 1, 2].some((descriptor) => isatty(descriptor))) process.on("exit", (status) => libc.exit(status));
    void reapOrphans(libc, children, clock, signal);
  };
  return {
    adopted: children.adopted,
    children: () => childrenOf(process.pid),
    open: () => (opened ??= open()),
    release: (exit) => {
      // As a shell does: what a command made of the terminal on purpose stays when it ended well.
      if ("signal" in exit) restoreTerminal();
    },
  };
}

/** Elsewhere than as PID 1 little is missed: orphans fall to somebody else, and are told by their environment. */
function without(error: string, log: Log): undefined {
  const note = "orphans are not reaped: use docker run --init";
  if (process.pid === 1) log("warn", "no-reaper", { note, error });
}
