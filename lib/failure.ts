import { ExitStatus } from "./exit-status.js";

/** What went wrong, as a word that programs can compare. */
export type FailureCode =
  | "usage"
  | "cannot-execute"
  | "not-elected"
  | "unguarded"
  | "unwritable"
  | "cannot-listen"
  | "unreachable"
  | "not-etcd"
  | "untrusted"
  | "refused"
  | "rejected"
  | "lease-gone"
  | "lease-exists"
  | "compacted";

/** A failure that is not a bug: one line for the user, a code for programs, and the exit status it leads to. */
export class Failure extends Error {
  override readonly name = "Failure";

  constructor(
    readonly code: FailureCode,
    message: string,
    readonly status: number = ExitStatus.unavailable,
    options?: { readonly cause?: unknown },
  ) {
    super(message, options);
  }
}

/** A bad option or value; `option` as the user writes it (`--ttl`, `WHILE_LEADER_TTL`). */
export function usageFailure(option: string, value: string | undefined, problem: string): Failure {
  const what = value === undefined ? option : `${option} ${JSON.stringify(value)}`;
  return new Failure("usage", `${what}: ${problem}`, ExitStatus.usage);
}

/** The text of anything that can be thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : text(error);
}

/** Where a bug is: the stack of anything that can be thrown. */
export function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : text(error);
}

function text(thrown: unknown): string {
  try {
    return String(thrown);
  } catch {
    return "thrown was what has no text";
  }
}
