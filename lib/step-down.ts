import { hostname } from "node:os";
import { systemClock } from "./clock.js";
import type { StepDown } from "./question.js";
import { formatDuration } from "./duration.js";
import { ExitStatus, signalledStatus } from "./exit-status.js";
import { Failure } from "./failure.js";
import type { Inbox } from "./inbox.js";
import { afterTrouble, stderrLog, writeTo } from "./log.js";
import type { Signal } from "./signals.js";
import type { Happening } from "./states.js";
import { visible } from "./visible.js";

const STOPS: ReadonlySet<Signal> = new Set(["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT"]);

/**
 * Asks the present leader to hand over, waits until somebody else leads, and prints from whom to whom.
 *
 * @returns the exit status.
 * @throws Failure if etcd is not reached or refuses, or nobody takes over in time.
 */
export async function stepDown({ name, etcd, wait, log: options }: StepDown, inbox: Inbox<Happening>): Promise<number> {
  const [{ EtcdClient }, { handOver }, { randomLeaseId }, { Queue }] = await Promise.all([
    import("./etcd/client.js"),
    import("./etcd/hand-over.js"),
    import("./etcd/lease-id.js"),
    import("./etcd/queue.js"),
  ]);
  const [clock, log] = [systemClock(), afterTrouble(stderrLog(options))];
  const client = new EtcdClient(etcd, { clock, log });
  const over = new AbortController();
  const { signal } = over;
  const begun = clock.now();
  let leader: { readonly value: Buffer } | undefined;
  const asked = async (): Promise<number> => {
    const first = await new Queue(name, { client }).leader(signal);
    if (first === undefined) {
      const error = `nobody leads election ${name}`;
      log("error", "failed", { error });
      return ExitStatus.nobody;
    }
    leader = first;
    const next = await handOver(name, first, hostname(), { client, clock, log, newLeaseId: randomLeaseId }, signal);
    const took = formatDuration(clock.now() - begun);
    writeTo(1, `${name}: from ${visible(String(first.value))} to ${visible(String(next.value))} in ${took}\n`);
    return 0;
  };
  const tooLate = async (): Promise<Failure> => {
    await clock.sleep(wait, signal);
    const late = `nobody took over from ${String(leader?.value)} within ${formatDuration(wait)}`;
    return leader
      ? new Failure("not-elected", late, ExitStatus.notLeader)
      : new Failure("unreachable", `etcd was not reached within ${formatDuration(wait)}`);
  };
  const asking = asked();
  try {
    const outcome = await Promise.race([asking, tooLate(), stopped(inbox, signal)]);
    if (outcome instanceof Failure) throw outcome;
    return outcome;
  } finally {
    over.abort();
    // It takes its request back.
    await asking.catch(() => {});
    client.close();
  }
}

/** Resolves with the status of a stop signal. */
async function stopped(inbox: Inbox<Happening>, signal: AbortSignal): Promise<number> {
  while (!signal.aborted) {
    await inbox.filled(signal);
    const heard = inbox.take();
    if (heard?.type === "signal" && STOPS.has(heard.signal)) return signalledStatus(heard.signal);
  }
  return ExitStatus.bug;
}
