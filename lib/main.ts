import { setImmediate as eventLoopTurn } from "node:timers/promises";
import { isatty } from "node:tty";
import { shownAddress } from "./address.js";
import type { Clock } from "./clock.js";
import { systemClock } from "./clock.js";
import type { Config } from "./config.js";
import { readConfig } from "./config.js";
import type { Environment } from "./environment.js";
import { ExitStatus } from "./exit-status.js";
import { Failure, stackOf } from "./failure.js";
import type { Inbox } from "./inbox.js";
import { catchInstead, releaseSignal } from "./inbox.js";
import { initOf } from "./init.js";
import { version } from "./installed.js";
import { inheritedDescriptors, restoreOpenFileLimit } from "./inherited.js";
import { openListening } from "./listening.js";
import type { Log } from "./log.js";
import { stderrLog, writeLine, writeTo } from "./log.js";
import { signalsAbove, startedByNpm } from "./parent.js";
import { procIsOurs } from "./proc.js";
import type { Happening, Phase, Rules } from "./states.js";
import { atTerminal } from "./terminal.js";
import { mangledVariables, refuseMangled } from "./verbatim.js";

/** What a container's health check says with it; Docker keeps 2 to itself. */
const UNHEALTHY = 1;

/**
 * The program: reads what is asked for, does it, and returns the exit status.
 *
 * @param inbox signals since the process began.
 */
export async function main(argv: readonly string[], env: Environment, inbox: Inbox<Happening>): Promise<number> {
  // First, while Node's own are the only files that are open.
  const descriptors = inheritedDescriptors();
  try {
    refuseMangled(argv);
    const request = await readConfig(argv, env, version());
    if ("print" in request) {
      writeTo(1, request.print);
      return 0;
    }
    if ("ask" in request) {
      const { ask } = await import("./ask.js");
      return await ask(request.ask, env, inbox);
    }
    if ("stepDown" in request) {
      const { stepDown } = await import("./step-down.js");
      return await stepDown(request.stepDown, inbox);
    }
    if ("probe" in request) {
      const { probe } = await import("./status/probe.js");
      const problem = await probe(request.probe);
      if (problem !== undefined) writeLine(`while-leader: ${problem}`);
      return problem === undefined ? 0 : UNHEALTHY;
    }
    return await serve(request.run, env, inbox, descriptors);
  } catch (error) {
    if (error instanceof Failure) {
      writeLine(`while-leader: ${error.message}`);
      return error.status;
    }
    writeLine(`while-leader: bug: ${stackOf(error)}`);
    return ExitStatus.bug;
  }
}

/** Runs the command, with the process at its service. */
async function serve(
  config: Config,
  env: Environment,
  inbox: Inbox<Happening>,
  descriptors: readonly number[],
): Promise<number> {
  // Whoever only asks or prints does without all that it takes to run a command.
  const { run } = await import("./run.js");
  const clock = systemClock();
  const status = await openListening(config, clock, version());
  const log = status?.heard(stderrLog(config.log)) ?? stderrLog(config.log);
  const over = new AbortController();
  const fault = (error: unknown): void => {
    log("error", "bug", { error: stackOf(error) });
    inbox.put({ type: "fault" });
  };
  catchInstead("uncaughtException", fault);
  catchInstead("unhandledRejection", fault);
  const init = initOf(clock, log, over.signal);
  restoreOpenFileLimit();
  if (atTerminal()) {
    // With the terminal's job control in charge, Ctrl-Z must stop us as well, or the shell waits for ever.
    releaseSignal("SIGTSTP");
    catchInstead("SIGHUP", () => inbox.put({ type: "signal", signal: "SIGHUP", hungUp: !isatty(0) }));
  }
  // Later is soon enough for PID 1, to whom orphans fall in any case, unless a terminal is to be remembered as it is now.
  if (process.pid !== 1 || [0, 2].some((descriptor) => isatty(descriptor))) await init.open();
  if (startedByNpm(env)) void hearNpm(config.rules, inbox, clock);
  announce(config, log);
  if (status) log("info", "listening", { address: shownAddress(status.address) });
  // Node 22 can come here without having looked for events once: signals since the first line must be known before the start.
  await eventLoopTurn();
  const entered = (phase: Phase): void => status?.entered(phase);
  const exit = await run(config, { env, inbox, descriptors, init, clock, log, entered });
  over.abort();
  log("info", "exiting", { status: exit });
  status?.close();
  return exit;
}

/** The first lines of the log: what is begun, and what is not as one may expect. */
function announce({ election, command }: Config, log: Log): void {
  const { name, identity } = election ?? {};
  log("info", "starting", { election: name, identity, pid: process.pid, command: command[0] });
  if (!election) log("warn", "no-election", { note: "no --election given: the command runs without one" });
  if (process.platform === "linux" && !procIsOurs())
    log("warn", "no-proc", { note: "no /proc of ours: of the command's processes only those in its group are known" });
  const mangled = mangledVariables().join();
  if (mangled !== "") log("warn", "mangled", { variables: mangled, note: "not UTF-8: not handed on as they were" });
}

/** Has what npm or its shell is told count as told to us, until somebody asks for a stop: the command is asked once. */
async function hearNpm({ stopOn }: Rules, inbox: Inbox<Happening>, clock: Clock): Promise<void> {
  const asked = new AbortController();
  for (const name of stopOn) process.once(name, () => asked.abort());
  for await (const signal of signalsAbove(clock, asked.signal)) {
    inbox.put({ type: "signal", signal });
    if (stopOn.has(signal)) asked.abort();
  }
}
