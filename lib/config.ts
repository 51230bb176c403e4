import { hostname } from "node:os";
import type { Address } from "./address.js";
import { readCommandLine } from "./command-line.js";
import { DEFAULTS } from "./defaults.js";
import { parseEndpoints } from "./endpoints.js";
import type { Environment } from "./environment.js";
import type { EtcdOptions } from "./etcd/client.js";
import { ExitStatus } from "./exit-status.js";
import { Failure, usageFailure } from "./failure.js";
import { electionName } from "./election-name.js";
import type { LogOptions } from "./log.js";
import { PASSWORD_VARIABLE } from "./options.js";
import { certificateIn, privateKeyIn } from "./pem.js";
import type { Question, StepDown } from "./question.js";
import { readQuestion, readStepDown } from "./question.js";
import { readHooks, readLog, readRules } from "./settings.js";
import type { HookName, Rules } from "./states.js";
import type { Probe } from "./status/probe.js";
import type { TimingSettings } from "./timing.js";
import { impossible, timingOf } from "./timing.js";
import type { Values } from "./values.js";
import {
  given,
  readAddress,
  readCertificate,
  readChoice,
  readDuration,
  readFile,
  readFlag,
  readPercent,
  readPrivateKey,
  readProbe,
  readText,
} from "./values.js";

/** The election a run takes part in. */
export interface ElectionConfig {
  readonly name: string;
  readonly identity: string;
  /** Fail with status 75 at once if somebody else leads. */
  readonly once: boolean;
  readonly timing: TimingSettings;
  readonly etcd: EtcdOptions;
}

/** Everything one run needs to know. */
export interface Config {
  readonly command: readonly [string, ...string[]];
  readonly election?: ElectionConfig;
  readonly rules: Rules;
  /** The health command, for the shell. */
  readonly health?: string | undefined;
  /** What each hook is to run, for the shell. */
  readonly hooks?: Readonly<Record<HookName, string | undefined>>;
  /** Pass signals on to the whole process group. */
  readonly group: boolean;
  /** Have another process end the command if this one cannot. */
  readonly guard: boolean;
  /** Where to answer how we are. */
  readonly listen?: Address;
  readonly log: LogOptions;
}

/** What argv and the environment ask for. */
export type Request =
  | { readonly run: Config }
  | { readonly ask: Question }
  | { readonly stepDown: StepDown }
  | { readonly probe: Probe }
  | { readonly print: string };

/**
 * Reads the command line and the environment.
 *
 * @throws Failure (status 64) that names the option and the value.
 */
export async function readConfig(argv: readonly string[], env: Environment, version: string): Promise<Request> {
  const written = await readCommandLine(argv);
  if ("help" in written) return { print: written.help };
  if ("version" in written) return { print: `while-leader ${version}\n` };
  const { options, command } = written;
  const values = given(options, env);
  const probe = readProbe(values, command);
  if (probe) return { probe };
  if (readFlag(values, "step-down")) return { stepDown: readStepDown(command, values, readElection(values, env)) };
  return requestOf(command, values, env);
}

function requestOf(command: readonly string[], values: Values, env: Environment): Request {
  const [file, ...args] = command;
  const election = readElection(values, env);
  const listen = readAddress(values, "listen");
  const config = {
    rules: readRules(values),
    health: readText(values, "health-cmd"),
    hooks: readHooks(values, election),
    group: readFlag(values, "group"),
    guard: isGuarded(readChoice(values, "guard"), election),
    log: readLog(values),
    ...(election && { election }),
    ...(listen && { listen }),
  } as const;
  const ask = readQuestion(command, values, config);
  if (ask) return { ask };
  if (file === undefined || file === "")
    throw new Failure("usage", "no command given; see while-leader --help", ExitStatus.usage);
  return { run: { command: [file, ...args], ...config } };
}

function isGuarded(choice: string | undefined, election: ElectionConfig | undefined): boolean {
  return choice === "on" || (choice !== "off" && election !== undefined);
}

function readElection(values: Values, env: Environment): ElectionConfig | undefined {
  const timing: TimingSettings = {
    ttl: readDuration(values, "ttl") ?? DEFAULTS.ttl,
    lostGrace: readDuration(values, "lost-grace"),
    killMargin: readDuration(values, "kill-margin"),
    clockDrift: readPercent(values, "clock-drift") ?? DEFAULTS.clockDrift,
  };
  const identity = readText(values, "identity") ?? hostname();
  const once = readFlag(values, "try");
  const name = values.get("election");
  if (name === undefined) return undefined;
  const etcd = readEtcd(values, env);
  const problem = impossible(timingOf(timing));
  if (problem !== undefined) throw usageFailure("--ttl", undefined, problem);
  return { name: electionName(name.text, name.from), identity, once, timing, etcd };
}

function readEtcd(values: Values, env: Environment): EtcdOptions {
  const endpoints = values.get("endpoints") ?? { text: DEFAULTS.endpoints, from: "--endpoints" };
  const tls = readTls(values);
  const user = readUser(values, env);
  return {
    endpoints: parseEndpoints(endpoints.text, endpoints.from, tls !== undefined),
    ...(tls && { tls }),
    ...(user && { user }),
    dialTimeout: readDuration(values, "dial-timeout") ?? DEFAULTS.dialTimeout,
    commandTimeout: readDuration(values, "command-timeout") ?? DEFAULTS.commandTimeout,
  };
}

function readTls(values: Values): EtcdOptions["tls"] {
  const [ca, cert, key] = [
    readCertificate(values, "cacert"),
    readCertificate(values, "cert"),
    readPrivateKey(values, "key"),
  ];
  if (cert && !key) throw usageFailure(values.get("cert")?.from ?? "", undefined, "needs --key as well");
  if (key && !cert) throw usageFailure(values.get("key")?.from ?? "", undefined, "needs --cert as well");
  if (cert && key && !certificateIn(cert).checkPrivateKey(privateKeyIn(key)))
    throw usageFailure(values.get("key")?.from ?? "", values.get("key")?.text, "does not belong to --cert");
  return ca || cert ? { ...(ca && { ca }), ...(cert && key && { cert, key }) } : undefined;
}

function readUser(values: Values, env: Environment): EtcdOptions["user"] {
  const user = values.get("user");
  const passwordFile = values.get("password-file");
  if (user === undefined) {
    if (passwordFile) throw usageFailure(passwordFile.from, undefined, "needs --user as well");
    return undefined;
  }
  const [, name = "", inline] = /^([^:]*)(?::(.*))?$/s.exec(user.text) ?? [];
  if (name === "") throw usageFailure(user.from, undefined, "has no name before the colon");
  if (inline !== undefined && passwordFile)
    throw usageFailure(passwordFile.from, undefined, `${user.from} has a password already`);
  const password =
    inline ??
    readFile(values, "password-file")
      ?.toString()
      .replace(/\r?\n$/, "") ??
    env[PASSWORD_VARIABLE];
  if (password === undefined)
    throw usageFailure(
      user.from,
      name,
      `no password: write NAME:PASSWORD, or set --password-file or ${PASSWORD_VARIABLE}`,
    );
  return { name, password };
}
