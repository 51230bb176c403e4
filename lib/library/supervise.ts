import { NEVER } from "../abort.js";
import { systemClock } from "../clock.js";
import { usageFailure } from "../failure.js";
import { Inbox } from "../inbox.js";
import type { Init } from "../init.js";
import type { LogOptions } from "../log.js";
import { run } from "../run.js";
import type { Happening } from "../states.js";
import { electionConfig, rulesOf } from "./reading.js";
import type { SuperviseSettings } from "./settings.js";

/** What the guard has to say once this process is gone. */
const GUARD_LOG: LogOptions = { format: "text", level: "error" };
/** The orphans and the terminal are the whole program's business. */
const NO_INIT: Init = { adopted: () => false, children: () => null, open: async () => {}, release: () => {} };

/**
 * Runs a command while this process leads, as the program `while-leader` does: stops it when leadership ends, resigns when it has
 * ended. Catches no signals of this process and never exits it.
 *
 * @returns the exit status that `while-leader` would have.
 * @throws Failure with code `usage` for settings that cannot be kept.
 */
export async function superviseWhileLeading(settings: SuperviseSettings): Promise<number> {
  const { command, election, env = process.env, log = () => {}, signal = NEVER } = settings;
  const { group = false, guard = election !== undefined, health, hooks } = settings;
  if (!command[0]) throw usageFailure("command", undefined, "no command given");
  const config = {
    command,
    group,
    guard,
    log: GUARD_LOG,
    rules: rulesOf(settings),
    health: health?.command,
    hooks: { "on-elected": hooks?.onElected, "on-resigned": hooks?.onResigned },
    ...(election && { election: electionConfig(election) }),
  };
  const inbox = new Inbox<Happening>();
  const stop = (): void => inbox.put({ type: "signal", signal: "SIGTERM" });
  if (signal.aborted) stop();
  signal.addEventListener("abort", stop, { once: true });
  try {
    return await run(config, { env, inbox, descriptors: [], init: NO_INIT, clock: systemClock(), log });
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
