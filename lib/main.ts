import { readFileSync } from "node:fs";
import type { Clock } from "./clock.js";
import { systemClock } from "./clock.js";
import type { Config, ElectionConfig } from "./config.js";
import { readConfig } from "./config.js";
import type { Election } from "./election.js";
import { UNCONTESTED } from "./election.js";
import type { Environment } from "./environment.js";
import { workloadEnvironment } from "./environment.js";
import { Failure } from "./failure.js";
import type { Inbox } from "./inbox.js";
import { releaseSignal } from "./inbox.js";
import { inheritedDescriptors, restoreOpenFileLimit } from "./inherited.js";
import { lifecycle } from "./lifecycle.js";
import type { Log } from "./log.js";
import { stderrLog, writeLine, writeTo } from "./log.js";
import { parentGone, startedByNpm } from "./parent.js";
import type { Happening } from "./states.js";
import { supervise } from "./supervisor.js";
import { atTerminal } from "./terminal.js";
import { launch } from "./workload.js";

/**
 * The program: reads what is asked for, does it, and returns the exit status.
 *
 * @param inbox signals since the process began.
 */
export async function main(argv: readonly string[], env: Environment, inbox: Inbox<Happening>): Promise<number> {
  // First, while Node's own are the only files that are open.
  const descriptors = inheritedDescriptors();
  try {
    const request = await readConfig(argv, env, version());
    if ("print" in request) {
      writeTo(1, request.print);
      return 0;
    }
    return await run(request.run, env, inbox, descriptors);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    writeLine(`while-leader: ${error.message}`);
    return error.status;
  }
}

async function run(
  config: Config,
  env: Environment,
  inbox: Inbox<Happening>,
  descriptors: readonly number[],
): Promise<number> {
  const clock = systemClock();
  const log = stderrLog(config.log);
  const over = new AbortController();
  const fault = (error: unknown): void => {
    log("error", "bug", { error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    inbox.put({ type: "fault" });
  };
  process.on("uncaughtException", fault).on("unhandledRejection", fault);
  restoreOpenFileLimit();
  // With the terminal's job control in charge, Ctrl-Z must stop us as well, or the shell waits for ever.
  if (atTerminal()) releaseSignal("SIGTSTP");
  if (startedByNpm(env)) {
    void parentGone(clock, over.signal).then(() => inbox.put({ type: "signal", signal: "SIGTERM" }));
  }
  const { name, identity } = config.election ?? {};
  log("info", "starting", { election: name, identity, pid: process.pid, command: config.command[0] });
  if (!config.election) log("warn", "no-election", { note: "no --election given: the command runs without one" });
  const election = await openElection(config.election, clock, log);
  const status = await supervise({
    lifecycle: lifecycle(config.rules),
    election,
    launch: (term) =>
      launch({
        command: config.command,
        ...workloadEnvironment(env, term, config.election),
        group: config.group,
        descriptors,
      }),
    inbox,
    clock,
    log,
  });
  over.abort();
  election.close();
  log("info", "exiting", { status });
  return status;
}

/** etcd's client takes half of a start; who needs no election does not load it. */
async function openElection(config: ElectionConfig | undefined, clock: Clock, log: Log): Promise<Election> {
  if (config === undefined) return UNCONTESTED;
  const [{ etcdElection }, { EtcdClient }] = await Promise.all([
    import("./etcd/election.js"),
    import("./etcd/client.js"),
  ]);
  return etcdElection(config, { client: new EtcdClient(config.etcd, { clock, log }), clock, log });
}

function version(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}
