import type { Clock } from "./clock.js";
import type { Milliseconds } from "./duration.js";

const LOOK_EVERY: Milliseconds = 250;

/** Whether npm or npx started us, with a shell between that takes the signals meant for us. */
export function startedByNpm(env: Readonly<Record<string, string | undefined>>): boolean {
  return env["npm_execpath"] !== undefined && env["npm_command"] !== undefined;
}

/** Resolves when the process that started us is gone, or the signal is aborted. */
export async function parentGone(clock: Clock, signal: AbortSignal): Promise<void> {
  const parent = process.ppid;
  while (process.ppid === parent && !signal.aborted) await clock.sleep(LOOK_EVERY, signal);
}
