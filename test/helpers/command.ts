import { execFile } from "node:child_process";
import { constants } from "node:os";

export interface CommandOptions {
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  /** What the command reads on its stdin; nothing when not given. */
  input?: string;
  /** SIGKILL after this long; 30 s when not given. */
  timeoutMs?: number;
}

export interface Finished {
  stdout: string;
  stderr: string;
  /** 127 if it could not be started, 128+n if signal n ended it. */
  code: number;
}

/** Runs a command to its end and never rejects: how it ended is in the code. */
export function runCommand(file: string, args: readonly string[], options: CommandOptions = {}): Promise<Finished> {
  const { timeoutMs = 30_000, input = "", ...rest } = options;
  return new Promise((resolve) => {
    const settings = { ...rest, timeout: timeoutMs, killSignal: "SIGKILL", maxBuffer: 64 << 20 } as const;
    const child = execFile(file, args, settings, (error, stdout, stderr) => {
      resolve({ stdout, stderr: stderr || error?.message || "", code: statusOf(child.exitCode, child.signalCode) });
    });
    // A command that does not read is gone before its input is written.
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(input);
  });
}

function statusOf(code: number | null, signal: NodeJS.Signals | null): number {
  if (signal) return 128 + constants.signals[signal];
  return code === null || code < 0 ? 127 : code;
}

/** This process's environment without the variables whose name begins with one of `prefixes`. */
export function environmentWithout(...prefixes: string[]): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !prefixes.some((prefix) => name.startsWith(prefix)));
  return Object.fromEntries(kept);
}
