import type { Clock } from "./clock.js";
import { systemClock } from "./clock.js";
import type { Environment } from "./environment.js";
import { EtcdClient } from "./etcd/client.js";
import { RollCall } from "./etcd/roll-call.js";
import { ExitStatus, signalledStatus } from "./exit-status.js";
import { Failure } from "./failure.js";
import type { Inbox } from "./inbox.js";
import { catchInstead, releaseSignal } from "./inbox.js";
import { afterTrouble, stderrLog } from "./log.js";
import { signalsAbove, startedByNpm } from "./parent.js";
import type { Question } from "./question.js";
import type { Roll } from "./roll.js";
import { rollFields } from "./roll.js";
import { COLOURS, rollLine, rollTable, rollText, UNPAINTED } from "./roll-text.js";
import type { Signal } from "./signals.js";
import { FORWARDED } from "./signals.js";
import type { Happening } from "./states.js";
import { lookOfStdout, stdoutUnread, writeOut } from "./stdout.js";

/** What ends a program that does nothing about it. */
const ENDING: ReadonlySet<Signal> = new Set(["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"]);

/**
 * Answers a question about an election on stdout: once, or with every change until a signal ends the process or nobody reads it
 * any more.
 *
 * @param inbox signals since the process began.
 * @returns the exit status.
 */
export async function ask(question: Question, env: Environment, inbox: Inbox<Happening>): Promise<number> {
  const clock = systemClock();
  const log = stderrLog(question.log);
  const over = new AbortController();
  beOrdinary(inbox);
  if (startedByNpm(env)) void heedNpm(clock, over.signal);
  const client = new EtcdClient(question.etcd, { clock, log: afterTrouble(log) });
  try {
    const rollCall = new RollCall(question.name, { client, clock });
    return await (question.follow ? follow : once)(question, rollCall, printer(question, env), clock);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    // Why, a line before has said.
    const gaveUp = question.wait !== undefined && error.code === "unreachable";
    log("error", "failed", { error: gaveUp ? "etcd was not reached within --wait" : error.message });
    return error.status;
  } finally {
    over.abort();
    client.close();
  }
}

type Print = (roll: Roll, time: Date) => string;

async function once({ wait }: Question, rollCall: RollCall, print: Print): Promise<number> {
  const roll = await rollCall.once(wait);
  writeOut(print(roll, new Date()));
  return roll.leader ? 0 : ExitStatus.nobody;
}

async function follow({ wait }: Question, rollCall: RollCall, print: Print, clock: Clock): Promise<number> {
  const over = new AbortController();
  void stdoutUnread(clock, over.signal).then(() => over.abort());
  try {
    for await (const roll of rollCall.follow(over.signal, wait)) if (!writeOut(print(roll, new Date()))) break;
    return 0;
  } finally {
    over.abort();
  }
}

/** How a roll is written, for programs or for whoever looks on. */
function printer({ json, follow: all }: Question, env: Environment): Print {
  if (json) return (roll, time) => `${JSON.stringify(rollFields(roll, time))}\n`;
  const { terminal, colour } = lookOfStdout(env);
  const paint = colour ? COLOURS : UNPAINTED;
  if (!all) return (roll) => rollText(roll, paint);
  return terminal ? rollTable(paint) : rollLine;
}

/** Gives signals back to the kernel, which has a shell see that one ended us; also those that came already. */
function beOrdinary(inbox: Inbox<Happening>): void {
  for (const signal of FORWARDED) {
    // The kernel spares PID 1; and without a listener SIGUSR1 opens Node's inspector.
    if (process.pid === 1 && ENDING.has(signal)) catchInstead(signal, () => process.exit(signalledStatus(signal)));
    else if (signal !== "SIGUSR1") releaseSignal(signal);
  }
  for (let happening = inbox.take(); happening; happening = inbox.take())
    if (happening.type === "signal") process.kill(process.pid, happening.signal);
}

/** What npm is told is told to us. */
async function heedNpm(clock: Clock, signal: AbortSignal): Promise<void> {
  for await (const heard of signalsAbove(clock, signal)) process.kill(process.pid, heard);
}
