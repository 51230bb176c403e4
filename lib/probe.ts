import { spawn } from "node:child_process";
import type { Environment } from "./environment.js";

/** A health command that runs. */
export interface Probe {
  /** Resolves when it has ended: whether with status 0. Never rejects. */
  readonly healthy: Promise<boolean>;
  /** SIGKILL to it and its process group. */
  kill(): void;
}

/** Starts a health command in a process group of its own. @param env the workload's, by whose marker it belongs to that. */
export function startProbe(command: string, env: Environment): Probe {
  // What it has to say is for whoever reads the log; stdin and stdout are the command's alone.
  const child = spawn("/bin/sh", ["-c", command], { env, detached: true, stdio: ["ignore", 2, 2] });
  return {
    healthy: new Promise((resolve) => {
      child.once("error", () => resolve(false)).once("exit", (status) => resolve(status === 0));
    }),
    kill() {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
      } catch {
        // It has just ended.
      }
    },
  };
}
