import { asPid1, namespaceOf, needsPid1 } from "../helpers/pid1.js";
import type { LogEvent, Wrapper } from "../helpers/wrapper.js";

/** Options of a test that looks into /proc, or needs a subreaper. */
export const needsLinux = { skip: process.platform === "linux" ? false : "only Linux has /proc and subreapers" };

/** What a wrapper can be, what puts it there, and the options of a test of it. */
export const WAYS = [
  ["PID 1", asPid1, needsPid1],
  ["another process", [], needsLinux],
] as const;

/** A wrapper as it is reached from here, wherever it runs. */
export interface Reached {
  /** Of while-leader itself. */
  readonly pid: number;
  /** A pid that somebody in there named, as it is known here. */
  readonly outer: (pid: number) => number;
  /** Sends a signal to while-leader alone. */
  readonly kill: (signal: NodeJS.Signals) => boolean;
}

/** @param under what it was started under: one of `WAYS`, or begins like it. */
export async function reach(wrapper: Wrapper, under: readonly string[]): Promise<Reached> {
  if (under[0] !== asPid1[0]) return { pid: wrapper.pid, outer: (pid) => pid, kill: (name) => wrapper.kill(name) };
  const space = await namespaceOf(wrapper);
  return { pid: space.init, outer: (pid) => space.outer(pid), kill: (name) => space.kill(name) };
}

/** How often it was logged. */
export function count(wrapper: { readonly events: readonly LogEvent[] }, name: string): number {
  return wrapper.events.filter(({ event }) => event === name).length;
}
