import { usageFailure } from "./failure.js";

/** etcd takes keys of megabytes; this is what fits one line of a log. */
const LONGEST_NAME = 1_024;

/**
 * Checks an election's name: it is the prefix of keys, with a slash before what follows.
 *
 * @param from the option's name, for messages.
 * @throws Failure (status 64)
 */
export function electionName(text: string, from: string): string {
  if (text.split("/").includes(""))
    throw usageFailure(from, text, "an election's name has no empty part between slashes");
  if (text.length > LONGEST_NAME)
    throw usageFailure(from, `${text.slice(0, 20)}…`, `longer than ${LONGEST_NAME} characters`);
  return text;
}
