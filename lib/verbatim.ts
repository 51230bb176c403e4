import { isUtf8 } from "node:buffer";
import { readFileSync } from "node:fs";
import { usageFailure } from "./failure.js";

/**
 * Refuses arguments that are no UTF-8: Node has read them with replacement characters and cannot hand them on as they were.
 *
 * @throws Failure with code `usage`.
 */
export function refuseMangled(argv: readonly string[]): void {
  const first = notUtf8("cmdline").find((text) => argv.includes(text));
  if (first !== undefined) throw usageFailure("argument", first, "not UTF-8, and so not to be handed on as it is");
}

/** The names of environment variables that Node cannot hand on as they were. */
export function mangledVariables(): readonly string[] {
  return notUtf8("environ").map((text) => text.split("=", 1)[0] ?? "");
}

/** Of our own arguments or variables those that are no UTF-8, as Node reads them; none where there is no `/proc`. */
function notUtf8(what: "cmdline" | "environ"): readonly string[] {
  try {
    const bytes = readFileSync(`/proc/self/${what}`);
    if (isUtf8(bytes)) return [];
    const parts = bytes.toString("latin1").split("\0");
    return parts
      .map((part) => Buffer.from(part, "latin1"))
      .filter((part) => !isUtf8(part))
      .map(String);
  } catch {
    return [];
  }
}
