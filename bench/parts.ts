import type { Part } from "./part.js";
import { guard } from "./parts/guard.js";
import { handOver } from "./parts/hand-over.js";
import { idle } from "./parts/idle.js";
import { memory } from "./parts/memory.js";
import { signals } from "./parts/signals.js";
import { size } from "./parts/size.js";
import { start } from "./parts/start.js";
import { stop } from "./parts/stop.js";

/** In the order in which they are measured and stand in bench/README.md. */
export const PARTS: readonly Part[] = [start, handOver, stop, signals, memory, idle, guard, size];

/**
 * Those that a list names, in the order above; all without a list.
 *
 * @throws RangeError that names one that there is not.
 */
export function partsNamed(list: string | undefined): readonly Part[] {
  if (list === undefined) return PARTS;
  const names = list.split(",").map((name) => name.trim());
  const unknown = names.find((name) => !PARTS.some((part) => part.name === name));
  const known = PARTS.map(({ name }) => name).join(", ");
  if (unknown !== undefined) throw new RangeError(`--only ${unknown} is none of ${known}`);
  return PARTS.filter(({ name }) => names.includes(name));
}
