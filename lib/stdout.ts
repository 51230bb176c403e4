import { fstatSync, writeSync } from "node:fs";
import { isatty } from "node:tty";
import type { Clock } from "./clock.js";
import type { Milliseconds } from "./duration.js";
import type { Environment } from "./environment.js";
import { Failure, messageOf } from "./failure.js";
import { openLibc } from "./libc.js";

/** Nobody notices a pipeline that ends so much later, and it costs nothing to look. */
const LOOK_EVERY: Milliseconds = 250;
/** A pipe that somebody else has made non-blocking has no room for the moment. */
const RETRY_AFTER: Milliseconds = 10;

/** Whether a person looks on, and whether in colour (https://no-color.org). */
export function lookOfStdout(env: Environment): { readonly terminal: boolean; readonly colour: boolean } {
  const terminal = isatty(1);
  return { terminal, colour: terminal && !env["NO_COLOR"] && env["TERM"] !== "dumb" };
}

/**
 * Writes all of a text to stdout.
 *
 * @returns false if nobody reads it any more.
 * @throws Failure if it cannot be written for another reason.
 */
export function writeOut(text: string): boolean {
  const never = new Int32Array(new SharedArrayBuffer(4));
  for (let rest = Buffer.from(text); rest.length > 0;) {
    try {
      rest = rest.subarray(writeSync(1, rest));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "EPIPE") return false;
      if (code !== "EAGAIN")
        throw new Failure("unwritable", `cannot write to stdout: ${messageOf(error)}`, undefined, { cause: error });
      Atomics.wait(never, 0, 0, RETRY_AFTER);
    }
  }
  return true;
}

/**
 * Resolves when nobody reads stdout any more, which a write would tell only when there is something to write; or when the signal
 * is aborted. Where that cannot be seen it stays pending until then. Never rejects.
 */
export async function stdoutUnread(clock: Clock, signal: AbortSignal): Promise<void> {
  const unread = await look();
  while (!signal.aborted && !unread()) await clock.sleep(LOOK_EVERY, signal);
}

async function look(): Promise<() => boolean> {
  try {
    const stdout = fstatSync(1);
    if (!stdout.isFIFO() && !stdout.isSocket()) return () => false;
    const libc = await openLibc();
    return () => libc.unread(1);
  } catch {
    return () => false; // closed, or no koffi: the next write tells
  }
}
