import { readConfig, type Config } from "../../lib/config.js";
import { Failure } from "../../lib/failure.js";

type Environment = Readonly<Record<string, string | undefined>>;

/** What the program makes of these arguments and variables, and of nothing else. Rejects with its `Failure`. */
export async function configOf(argv: readonly string[], env: Environment = {}): Promise<Config> {
  const request = await readConfig(argv, env, "1.2.3");
  if (!("run" in request)) throw new Error(`starts nothing: ${Object.keys(request).join()}`);
  return request.run;
}

/** What it prints and does nothing else. */
export async function printedFor(...argv: string[]): Promise<string> {
  const request = await readConfig(argv, {}, "1.2.3");
  if (!("print" in request)) throw new Error(`runs ${"run" in request ? request.run.command.join(" ") : "nothing"}`);
  return request.print;
}

/** Why it refuses them: the message, which is one line, of a usage failure with status 64. Anything else rejects. */
export async function refusalOf(argv: readonly string[], env: Environment = {}): Promise<string> {
  try {
    await configOf(argv, env);
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== "usage" || error.status !== 64) throw error;
    if (/\p{Cc}/u.test(error.message))
      throw new Error(`not one clean line: ${JSON.stringify(error.message)}`, { cause: error });
    return error.message;
  }
  throw new Error(`accepted: ${argv.join(" ")} ${JSON.stringify(env)}`);
}
