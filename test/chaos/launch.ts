import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { atExit } from "../helpers/at-exit.js";
import type { Order, Result } from "./seed.js";

/** How a seed's process ended: with a result, or with what kept it from one. */
export type Outcome = { readonly result: Result } | { readonly failure: string };

/** What a run needs besides its faults: a cluster and candidates that start, a last leader, leases that run out. */
const SETUP_LIMIT = 150_000;
/** From SIGTERM on, in which it ends all that it has started, to SIGKILL. */
const END_LIMIT = 10_000;

const program = fileURLToPath(new URL("seed.js", import.meta.url));

/** Runs one seed in a process of its own. Never rejects. */
export async function launch(order: Omit<Order, "mayMount">): Promise<Outcome> {
  const mayMount = canMount();
  const args = [
    // tap hooks itself into whatever a test starts; only what comes after that can take it out again.
    ...Object.keys(process.env).flatMap((name) => (isForeign(name) ? ["-u", name] : [])),
    "NODE_OPTIONS=",
    ...(mayMount ? ["unshare", "--mount"] : []),
    process.execPath,
    program,
    JSON.stringify({ ...order, mayMount }),
  ];
  const child = spawn("/usr/bin/env", args, { stdio: ["ignore", "inherit", "inherit"], detached: true });
  const forget = atExit(() => child.kill("SIGTERM"));
  const kill = (): unknown => child.kill("SIGKILL");
  const timers = [setTimeout(() => child.kill("SIGTERM"), order.seconds * 1_000 + SETUP_LIMIT)];
  timers.push(setTimeout(kill, order.seconds * 1_000 + SETUP_LIMIT + END_LIMIT));
  const end = await new Promise((resolve) => {
    child.once("error", ({ message }) => resolve(message));
    child.once("exit", (code, signal) => resolve(signal ?? code));
  });
  timers.forEach(clearTimeout);
  forget();
  const result = read(order.folder, "result.json");
  if (end === 0 && result !== undefined) return { result: JSON.parse(result) as Result };
  return { failure: read(order.folder, "failed.txt") ?? `the run ended with ${String(end)}` };
}

function isForeign(name: string): boolean {
  return name.startsWith("_TAPJS_") || name === "NODE_EXTRA_CA_CERTS" || name === "NODE_V8_COVERAGE";
}

function read(folder: string, name: string): string | undefined {
  const file = join(folder, name);
  return existsSync(file) ? readFileSync(file, "utf8") : undefined;
}

let mounting: boolean | undefined;

/** Whether a process can have a mount namespace in which it mounts something. */
function canMount(): boolean {
  mounting ??= spawnSync("unshare", ["--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]).status === 0;
  return mounting;
}
