import { get } from "node:http";
import type { Address } from "../address.js";
import { fromHere, shownAddress } from "../address.js";
import type { Milliseconds } from "../duration.js";
import { messageOf } from "../failure.js";

/** What to ask of the while-leader that runs on this host. */
export interface Probe {
  readonly endpoint: string;
  readonly address: Address;
}

/** Docker allows a health check 30 s and Kubernetes 1 s, if nobody says otherwise; an answer takes a millisecond. */
const ANSWER_WITHIN: Milliseconds = 2_000;
/** Of the answer; ours are a word. */
const MOST_SHOWN = 40;

/**
 * Asks the while-leader that listens there.
 *
 * @returns what is wrong, in a line; undefined if nothing is.
 */
export async function probe({ endpoint, address }: Probe): Promise<string | undefined> {
  const { host, port } = fromHere(address);
  const signal = AbortSignal.timeout(ANSWER_WITHIN);
  const where = shownAddress({ host, port });
  return new Promise((resolve) => {
    const failed = (error: unknown): void =>
      resolve(`cannot ask ${where}: ${signal.aborted ? `no answer in ${ANSWER_WITHIN} ms` : messageOf(error)}`);
    get({ host, port, path: `/${endpoint}`, agent: false, signal }, (response) => {
      response.on("error", failed);
      if (response.statusCode === 200) return resolve(undefined);
      let said = "";
      response.setEncoding("utf8").on("data", (text: string) => (said = (said + text).slice(0, MOST_SHOWN)));
      response.on("end", () => resolve(`${endpoint} is ${response.statusCode}: ${said.replace(/[^\w .-]+/g, "")}`));
    }).on("error", failed);
  });
}
