import { ExitStatus } from "./exit-status.js";
import { Failure } from "./failure.js";
import type { Kind } from "./options.js";
import { OPTIONS } from "./options.js";

/** What is written before the command, and the command; or what is to be printed in place of all that. */
export type Written =
  | { readonly options: Readonly<Record<string, unknown>>; readonly command: readonly string[] }
  | { readonly help: string }
  | { readonly version: true };

/** How yargs reads: everything is text, and from the first word that is no option on it is the command. */
export const READING = {
  "halt-at-non-option": true,
  "populate--": true,
  "greedy-arrays": false,
  "parse-numbers": false,
  "parse-positional-numbers": false,
  "dot-notation": false,
  "strip-aliased": true,
  "boolean-negation": false,
  "camel-case-expansion": false,
} as const;

/** How an option is written and read; `--help` and `--version` are flags like others. */
interface Known {
  readonly name: string;
  readonly alias?: string;
  readonly kind: Kind;
}

const KNOWN: readonly Known[] = [
  ...OPTIONS,
  { name: "help", alias: "h", kind: "flag" },
  { name: "version", kind: "flag" },
];

const takesNoValue = ({ kind }: Known): boolean => kind === "flag" || kind === "count";

/**
 * Writes every flag before the command out, `-qg` as `--quiet=true --group=true`: yargs would take a command named `true` for a
 * flag's value. Everything from the command on is left as it is.
 *
 * @throws Failure (status 64)
 */
export function spelledOut(argv: readonly string[]): readonly string[] {
  const out: string[] = [];
  for (let index = 0; index < argv.length; index++) {
    const word = argv[index] ?? "";
    if (word === "--" || !/^-./s.test(word)) return [...out, ...argv.slice(index)];
    // Not left to yargs: it takes some names for its own, or for those of every object.
    const [, name] = /^--([^=]+)/.exec(word) ?? [];
    if (name !== undefined && !KNOWN.some((known) => known.name === name)) throw unknown(name);
    const option = longOption(word);
    if (option && takesNoValue(option)) out.push(`${word}=true`);
    else out.push(...(word.startsWith("--") ? [word] : shortOptions(word)));
    const next = argv[index + 1];
    if (wantsNext(word) && next !== undefined && !/^-./s.test(next)) {
      out.push(next);
      index++;
    }
  }
  return out;
}

function unknown(name: string): Failure {
  return new Failure("usage", `unknown option --${name.replace(/\p{Cc}/gu, "?")}`, ExitStatus.usage);
}

function longOption(word: string): Known | undefined {
  return KNOWN.find(({ name }) => word === `--${name}`);
}

/** `-qv` in full; a cluster with something unknown in it is left for yargs to refuse. */
function shortOptions(word: string): readonly string[] {
  const [, letters = "", rest = ""] = /^-([a-z]+)(.*)$/is.exec(word) ?? [];
  const known = letters.split("").map((letter) => KNOWN.find(({ alias }) => alias === letter));
  const flags = known.filter((option) => option !== undefined && takesNoValue(option));
  if (letters === "" || flags.length < known.length) {
    // At most the last of them takes a value: -qn NAME, or -qnNAME.
    const first = known.findIndex((option) => option === undefined || !takesNoValue(option));
    if (first <= 0) return [word];
    return [...shortOptions(`-${letters.slice(0, first)}`), `-${letters.slice(first)}${rest}`];
  }
  if (rest !== "" && !rest.startsWith("=")) return [word];
  return flags.map((option, index) => `--${option?.name}${index === flags.length - 1 && rest !== "" ? rest : "=true"}`);
}

/** Whether the word after this one is its value. */
function wantsNext(word: string): boolean {
  const option = longOption(word);
  if (option) return !takesNoValue(option);
  const [, letters = ""] = /^-([a-z]+)$/is.exec(word) ?? [];
  const known = letters.split("").map((letter) => KNOWN.find(({ alias }) => alias === letter));
  const first = known.findIndex((one) => one === undefined || !takesNoValue(one));
  return first >= 0 && first === known.length - 1 && known[first] !== undefined;
}
