import { DEFAULTS } from "./defaults.js";
import type { Milliseconds } from "./duration.js";
import type { EtcdOptions } from "./etcd/client.js";
import { usageFailure } from "./failure.js";
import type { LogOptions } from "./log.js";
import type { OptionName } from "./options.js";
import { readLog } from "./settings.js";
import type { Values } from "./values.js";
import { readDuration, readFlag } from "./values.js";

/** What is asked about an election. Nothing is started for it. */
export interface Question {
  /** The election's name. */
  readonly name: string;
  /** With every change once more, until somebody ends it. */
  readonly follow: boolean;
  readonly json: boolean;
  /** How long etcd may be out of reach at first. */
  readonly wait: Milliseconds | undefined;
  readonly etcd: EtcdOptions;
  readonly log: LogOptions;
}

/** The rest of what was set, read already. */
interface Settings {
  readonly election?: { readonly name: string; readonly etcd: EtcdOptions };
  readonly rules: { readonly wait?: Milliseconds | undefined };
  readonly log: LogOptions;
}

/**
 * Reads what is asked; undefined if nothing is.
 *
 * @throws Failure (status 64) for a question that does not go with the rest.
 */
export function readQuestion(command: readonly string[], values: Values, settings: Settings): Question | undefined {
  const [who, follow, json] = [readFlag(values, "who"), readFlag(values, "watch"), readFlag(values, "json")];
  const from = (name: OptionName): string => values.get(name)?.from ?? "";
  if (!who && !follow) {
    if (json) throw usageFailure(from("json"), undefined, "needs --who or --watch");
    return undefined;
  }
  const asked = from(who ? "who" : "watch");
  const [program] = command;
  const { election, rules, log } = settings;
  if (who && follow) throw usageFailure(asked, undefined, `does not go with ${from("watch")}`);
  if (program !== undefined)
    throw usageFailure(
      asked,
      undefined,
      `only asks and starts nothing, but a command is given: ${JSON.stringify(program)}`,
    );
  if (election === undefined) throw usageFailure(asked, undefined, "needs --election NAME");
  return { name: election.name, follow, json, wait: rules.wait, etcd: election.etcd, log };
}

/** What is needed to ask the leader of an election to hand over. */
export interface StepDown {
  readonly name: string;
  readonly etcd: EtcdOptions;
  /** Give up when nobody has taken over within it. */
  readonly wait: Milliseconds;
  readonly log: LogOptions;
}

/** @throws Failure (status 64) if there is a command, or no election. */
export function readStepDown(command: readonly string[], values: Values, election: Settings["election"]): StepDown {
  const from = values.get("step-down")?.from ?? "";
  if (election === undefined) throw usageFailure(from, undefined, "needs --election as well");
  if (command.length > 0) throw usageFailure(from, undefined, "takes no command");
  const wait = readDuration(values, "wait") ?? DEFAULTS.handOver;
  return { name: election.name, etcd: election.etcd, wait, log: readLog(values) };
}
