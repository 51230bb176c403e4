import type { Argv } from "yargs";
import type { Written } from "./argv.js";
import { READING } from "./argv.js";
import { ExitStatus } from "./exit-status.js";
import { Failure, messageOf } from "./failure.js";
import { EPILOGUE, USAGE } from "./help.js";
import type { Option } from "./options.js";
import { OPTIONS } from "./options.js";
import { yargs } from "./vendor/yargs.js";

/**
 * Reads a command line that asks for help or the version, or has a mistake in it.
 *
 * @param words with every flag spelled out.
 * @throws Failure (status 64) that names the option and the value.
 */
export async function readByYargs(words: readonly string[]): Promise<Written> {
  let problem: string | undefined;
  // yargs looks for its settings there, and fails where the working directory is gone.
  const parser = describeOptions(yargs([], "/")).fail((message: string | undefined, error: Error | undefined) => {
    problem ??= message ?? messageOf(error);
  });
  const { "--": command = [], ...options } = (await parser.parseAsync([...words])) as Record<string, unknown>;
  if (problem !== undefined) throw new Failure("usage", inOurWords(problem), ExitStatus.usage);
  if (lastOf(options["help"]) === "true") return { help: `${withoutTypes(await parser.getHelp())}\n` };
  if (lastOf(options["version"]) === "true") return { version: true };
  return { options, command: (command as unknown[]).map(String) };
}

function describeOptions(parser: Argv): Argv {
  const described = OPTIONS.reduce((all: Argv, { name, ...option }: Option) => {
    return all.option(name, {
      type: "string",
      group: option.group,
      describe: description(option),
      ...(option.alias && { alias: option.alias }),
      requiresArg: true,
    });
  }, parser.help(false).version(false).usage(USAGE).epilogue(EPILOGUE));
  return described
    .option("help", { alias: "h", type: "string", group: "Output:", describe: "this text" })
    .option("version", { type: "string", group: "Output:", describe: "the version" })
    .parserConfiguration(READING)
    .strictOptions()
    .detectLocale(false)
    .exitProcess(false)
    .wrap(80);
}

function description({ value, describe, fallback }: Pick<Option, "value" | "describe" | "fallback">): string {
  return [value && `${value}: `, describe, fallback && ` [${fallback}]`].filter(Boolean).join("");
}

function lastOf(value: unknown): unknown {
  return [value].flat().at(-1);
}

/** The values' names say more than the types that yargs adds at the end of a line. */
function withoutTypes(help: string): string {
  return help.replace(/(\n *| *)\[(string|boolean|count)\]$/gm, "");
}

/** yargs names options without their dashes, and speaks in lines; a message is one. */
function inOurWords(text: string): string {
  const dashed = (names: string): string =>
    names.replace(/[^\s,]+/g, (name) => `${name.length > 1 ? "--" : "-"}${name}`);
  return text
    .replace(/\s+/g, " ")
    .trim()
    .replace(/^Unknown (?:argument|option|command)s?: (.*)$/, (_, names: string) => `unknown option ${dashed(names)}`)
    .replace(/^Not enough arguments following: (.*)$/, (_, name: string) => `${dashed(name)}: needs a value`);
}
