import { readFileSync } from "node:fs";
import type { Address } from "./address.js";
import { parseAddress } from "./address.js";
import type { Milliseconds } from "./duration.js";
import { parseDuration } from "./duration.js";
import type { Environment } from "./environment.js";
import { messageOf, usageFailure } from "./failure.js";
import type { Option, OptionName } from "./options.js";
import { OPTIONS } from "./options.js";
import { certificateIn, privateKeyIn } from "./pem.js";
import type { Probe } from "./status/probe.js";
import type { Signal } from "./signals.js";
import { FORWARDED, parseSignal } from "./signals.js";

/** A value and the name of where it came from, for messages. */
export interface Given {
  readonly text: string;
  readonly from: string;
  /** How often it was written. */
  readonly times: number;
}

/** What was set, and nothing else. */
export type Values = ReadonlyMap<OptionName, Given>;

/** What was set, by whom: argv first, then the environment. An empty variable counts as not set, as etcdctl has it. */
export function given(parsed: Readonly<Record<string, unknown>>, env: Environment): Values {
  const values = new Map<OptionName, Given>();
  for (const { name, environment } of OPTIONS as readonly (Option & { name: OptionName })[]) {
    const written = [parsed[name]].flat().filter((word) => word !== undefined);
    const variable = environment.find((candidate) => env[candidate]);
    if (written.length > 0)
      values.set(name, { text: written.map(String).at(-1) ?? "", from: `--${name}`, times: written.length });
    else if (variable !== undefined) values.set(name, { text: env[variable] ?? "", from: variable, times: 1 });
  }
  return values;
}

export function readText(values: Values, name: OptionName): string | undefined {
  const value = values.get(name);
  if (value?.text === "") throw usageFailure(value.from, "", "must not be empty");
  return value?.text;
}

export function readDuration(values: Values, name: OptionName): Milliseconds | undefined {
  return read(values, name, parseDuration, "not a duration such as 500ms, 8s, 1m30s or 1h");
}

export function readPercent(values: Values, name: OptionName): number | undefined {
  const parse = (text: string) =>
    /^\d+(\.\d+)?%?$/.test(text) && parseFloat(text) < 100 ? parseFloat(text) / 100 : undefined;
  return read(values, name, parse, "not a percentage from 0 to below 100");
}

export function readSignal(values: Values, name: OptionName): Signal | undefined {
  return read(values, name, parseSignal, "not a signal such as TERM, SIGQUIT or 15");
}

export function readSignals(values: Values, name: OptionName): Signal[] | undefined {
  const parse = (text: string) => {
    const signals = text.split(",").map((part) => parseSignal(part.trim()));
    return signals.every((signal) => signal !== undefined && FORWARDED.includes(signal))
      ? (signals as Signal[])
      : undefined;
  };
  return read(values, name, parse, "not a list of signals that can be caught, such as TERM,INT");
}

export function readAddress(values: Values, name: OptionName): Address | undefined {
  return read(values, name, parseAddress, "not HOST:PORT, :PORT or [IPv6]:PORT");
}

export function readChoice(values: Values, name: OptionName): string | undefined {
  const choices = (OPTIONS as readonly Option[]).find((option) => option.name === name)?.choices ?? [];
  return read(values, name, (text) => choices.find((choice) => choice === text), `not one of ${choices.join(", ")}`);
}

/** A question to another process: of our own life nothing else is looked at. */
export function readProbe(values: Values, command: readonly string[]): Probe | undefined {
  const endpoint = readChoice(values, "probe");
  const { from } = values.get("probe") ?? {};
  if (endpoint === undefined || from === undefined) return undefined;
  const address = readAddress(values, "listen");
  if (address === undefined) throw usageFailure(from, endpoint, "needs --listen as well: where to ask");
  if (command.length > 0) throw usageFailure(from, endpoint, "asks, and takes no command");
  return { endpoint, address };
}

export function readFlag(values: Values, name: OptionName): boolean {
  const parse = (text: string) =>
    /^(1|true|yes|on)$/i.test(text) ? true : /^(0|false|no|off)$/i.test(text) ? false : undefined;
  return read(values, name, parse, "not true or false") ?? false;
}

/** A flag that says more the more often it is written; or the number itself. */
export function readCount(values: Values, name: OptionName): number {
  const times = values.get(name)?.times ?? 0;
  const parse = (text: string) => (text === "true" ? times : /^\d+$/.test(text) ? Number(text) : undefined);
  return read(values, name, parse, "not a number") ?? 0;
}

export function readNumber(values: Values, name: OptionName): number | undefined {
  const parse = (text: string) => (/^\d{1,9}$/.test(text) ? Number(text) : undefined);
  return read(values, name, parse, "not a whole number");
}

export function readFile(values: Values, name: OptionName): Buffer | undefined {
  const value = values.get(name);
  if (value === undefined) return undefined;
  try {
    return readFileSync(value.text);
  } catch (error) {
    throw usageFailure(
      value.from,
      value.text,
      `cannot be read: ${messageOf(error).replace(/^[A-Z]+: |, \w+ '.*$/gs, "")}`,
    );
  }
}

function read<T>(
  values: Values,
  name: OptionName,
  parse: (text: string) => T | undefined,
  problem: string,
): T | undefined {
  const value = values.get(name);
  if (value === undefined) return undefined;
  const parsed = parse(value.text);
  if (parsed === undefined) throw usageFailure(value.from, value.text, problem);
  return parsed;
}

/** A file in PEM that begins with a certificate; the others in it are not looked at. */
export function readCertificate(values: Values, name: OptionName): Buffer | undefined {
  return readPem(values, name, certificateIn, "holds no certificate in PEM");
}

/** A file in PEM with a private key. */
export function readPrivateKey(values: Values, name: OptionName): Buffer | undefined {
  return readPem(values, name, privateKeyIn, "holds no private key in PEM, or one with a passphrase");
}

function readPem(
  values: Values,
  name: OptionName,
  parse: (pem: Buffer) => unknown,
  problem: string,
): Buffer | undefined {
  const pem = readFile(values, name);
  if (pem === undefined) return undefined;
  try {
    parse(pem);
    return pem;
  } catch {
    throw usageFailure(values.get(name)?.from ?? "", values.get(name)?.text, problem);
  }
}
