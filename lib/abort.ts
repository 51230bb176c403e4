import { setMaxListeners } from "node:events";

/** Is never aborted. */
export const NEVER: AbortSignal = unlimited(new AbortController().signal);

/** A signal that any number may wait for: Node takes more than ten for a leak, and says so on stderr. */
export function unlimited(signal: AbortSignal): AbortSignal {
  setMaxListeners(0, signal);
  return signal;
}

/**
 * A controller that is aborted with any of its sources. Abort it when done, and they forget it: `AbortSignal.any` does not let
 * go of long-lived sources (nodejs/node#55351, #64476).
 */
export function abortedWith(...sources: readonly AbortSignal[]): AbortController {
  const own = new AbortController();
  for (const source of sources) {
    if (source.aborted) own.abort(source.reason);
    else source.addEventListener("abort", () => own.abort(source.reason), { once: true, signal: own.signal });
  }
  return own;
}

/** The promise's outcome, or a rejection with the signal's reason as soon as that is aborted. */
export async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  let stop = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason as Error);
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
  promise.catch(() => {});
  return Promise.race([promise, aborted]).finally(() => signal.removeEventListener("abort", stop));
}
