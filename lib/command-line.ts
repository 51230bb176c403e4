import type { Written } from "./argv.js";
import { READING, spelledOut } from "./argv.js";
import type { Option } from "./options.js";
import { OPTIONS } from "./options.js";
import { yargsParser } from "./vendor/yargs-parser.js";

const NAMES = [...OPTIONS.map(({ name }) => name), "help", "version"];

/**
 * Reads the command line. What is well is read by yargs' parser alone: to build yargs itself takes as long as to start Node, so only
 * help and a mistake are left to it.
 *
 * @throws Failure (status 64) that names the option and the value.
 */
export async function readCommandLine(argv: readonly string[]): Promise<Written> {
  const words = [...spelledOut(argv)];
  const written = quickly(words);
  if (written !== undefined) return written;
  const { readByYargs } = await import("./usage.js");
  return readByYargs(words);
}

/** @returns undefined if there is something that yargs is to tell. */
function quickly(words: string[]): Written | undefined {
  const { argv, error } = yargsParser.detailed(words, {
    string: NAMES,
    alias: {
      ...Object.fromEntries((OPTIONS as readonly Option[]).map(({ name, alias = [] }) => [name, alias])),
      help: "h",
    },
    // As yargs' `requiresArg`.
    narg: Object.fromEntries(OPTIONS.map(({ name }) => [name, NaN])),
    configuration: READING,
  });
  const { _: none, "--": command = [], ...options } = argv as Readonly<Record<string, unknown[]>>;
  if (error || none?.length !== 0 || Object.keys(options).some((name) => !NAMES.includes(name))) return undefined;
  if ("help" in options || "version" in options) return undefined;
  return { options, command: command.map(String) };
}
