import { existsSync } from "node:fs";
import { execa } from "./vendor/execa.js";
import type { Exit } from "./exit-status.js";
import { ExitStatus } from "./exit-status.js";
import { Failure } from "./failure.js";
import { isStopped, leavesToKernel } from "./proc.js";
import { processesOf } from "./processes.js";
import type { Signal } from "./signals.js";
import { atTerminal, sentByTerminal } from "./terminal.js";

const HERE = "/proc/self/cwd";

/** A command that runs, and all that it started. */
export interface Workload {
  readonly pid: number;
  /** Whether it is in a process group of its own, not in ours. */
  readonly ownGroup: boolean;
  /** Resolves when the command itself has ended; others of the workload may live on. Never rejects. */
  readonly exited: Promise<Exit>;
  /**
   * Sends a signal to the command.
   *
   * @param received the signal that made us do so, if any: a terminal that sent it to us has sent it to the command as well.
   * @returns who got it.
   */
  signal(signal: Signal, received?: Signal): Recipient;
  /** The same for a signal that is to end the command: a stopped one goes on, so that it can heed it. */
  stop(signal: Signal, received?: Signal): Recipient;
  /** Process ids of the whole workload that are there and not zombies. @throws if nobody can tell now. */
  alive(): number[];
  /** SIGTERM to the whole workload, also to those that are stopped. */
  terminate(): void;
  /** SIGKILL to the whole workload. @returns to how many processes; undefined if nobody can tell. */
  kill(): number | undefined;
  /** Takes back what was shared with it, once nothing of it is left. */
  release(exit: Exit): void;
}

/** Who got a signal; `terminal`: whoever is in its foreground, from the terminal itself. */
export type Recipient = "command" | "group" | "terminal" | "nobody";

/** What to run. */
export interface Launch {
  readonly command: readonly [string, ...string[]];
  /** The command's whole environment. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Text in `env` that no other workload has. */
  readonly marker: string;
  /** Pass signals on to the command's whole process group. */
  readonly group: boolean;
  /** Descriptors from 3 up to hand on. */
  readonly descriptors: readonly number[];
  /** It has nothing to do with the terminal, reads nothing, and what it prints goes to our stderr. */
  readonly background?: boolean;
  /** Whether a child of ours is an orphan that fell to us. */
  readonly adopted: (pid: number) => boolean;
  /** Takes back what was shared with the command, once nothing of it is left. */
  readonly release: (exit: Exit) => void;
}

/** Starts a command on our own stdin, stdout and stderr. @returns it, or why it could not be started. */
export function launch({
  command,
  env,
  marker,
  group,
  descriptors,
  background = false,
  adopted,
  release,
}: Launch): Workload | Promise<Failure> {
  const [file, ...args] = command;
  const shared = !background && atTerminal();
  const child = execa(file, args, {
    stdio: background ? ["ignore", 2, 2] : stdioWith(descriptors),
    env: Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined)) as Record<string, string>,
    extendEnv: false,
    // Where we are, also if that has no name any more or one that is no UTF-8.
    cwd: existsSync(HERE) ? HERE : ".",
    detached: !shared,
    // What ends the command is the lifecycle's to decide, never the library's.
    cleanup: false,
    forceKillAfterDelay: false,
    reject: false,
    buffer: false,
  });
  const { pid } = child;
  if (pid === undefined) return child.then((result) => startFailure(file, result.code, result.originalMessage));
  // Not execa's result, which is late by what it takes to make one.
  const exited = new Promise<Exit>((resolve) => {
    child.once("exit", (code, signal) => resolve(signal ? { signal } : { code: code ?? ExitStatus.bug }));
  });

  const processes = processesOf({ root: pid, ownGroup: !shared, marker, reaper: process.pid, adopted });
  const pass = (name: Signal, received?: Signal): Recipient => {
    if (shared && name === received && sentByTerminal(name)) return "terminal";
    // To be stopped and to go on is for all that a shell would call one job, as at a terminal.
    const toGroup = !shared && (group || (name === "SIGCONT" && isStopped(pid)));
    // The kernel stops nobody by SIGTSTP in a session that has no shell to go on from.
    const stops = !shared && name === "SIGTSTP" && leavesToKernel(pid, name);
    if (!(toGroup ? processes.signalGroup(name) : child.kill(name))) return "nobody";
    if (stops) processes.signalGroup("SIGSTOP");
    return toGroup ? "group" : "command";
  };
  return {
    pid,
    ownGroup: !shared,
    exited,
    signal: pass,
    stop(name, received) {
      const recipient = pass(name, received);
      if (isStopped(pid)) pass("SIGCONT");
      return recipient;
    },
    alive: () => processes.alive(),
    terminate: () => processes.terminate(),
    kill: () => processes.kill(),
    release,
  };
}

type Stdio = ["inherit", "inherit", "inherit", ...("inherit" | "ignore")[]];

function stdioWith(descriptors: readonly number[]): Stdio {
  const extra = Array.from({ length: Math.max(2, ...descriptors) - 2 }, (_, index) =>
    descriptors.includes(index + 3) ? "inherit" : "ignore",
  );
  return ["inherit", "inherit", "inherit", ...extra];
}

/** As in a shell: 127 for a command that is not there, 126 for one that cannot be executed. */
function startFailure(file: string, code: string | undefined, message: string | undefined): Failure {
  if (code === "ENOENT" && workingDirectory() !== undefined) {
    const what = file.includes("/") && existsSync(file) ? "its interpreter was not found" : "not found";
    return new Failure("cannot-execute", `cannot run ${file}: ${what}`, ExitStatus.notFound);
  }
  const why: Readonly<Record<string, string>> = {
    ENOENT: "the working directory is gone",
    EACCES: "permission denied",
    ENOEXEC: "not an executable of this system",
    ENOTDIR: "a part of its path is not a folder",
    ELOOP: "too many symbolic links",
    ETXTBSY: "it is being written to",
    E2BIG: "its arguments and environment are too long",
  };
  const reason = why[code ?? ""] ?? message ?? code ?? "unknown error";
  return new Failure("cannot-execute", `cannot run ${file}: ${reason}`, ExitStatus.notExecutable);
}

function workingDirectory(): string | undefined {
  try {
    return process.cwd();
  } catch {
    return undefined;
  }
}
