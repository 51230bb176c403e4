import type { Interceptor } from "@grpc/grpc-js";
import { InterceptingCall, status } from "../vendor/etcd3.js";

/** What etcd says to a token that has run out; etcd3 answers it by asking again with the same token, for ever and at once. */
const RUN_OUT = "etcdserver: invalid auth token";

/** What we say in its place, so that etcd3 leaves it to us. */
export const TOKEN_RUN_OUT = "the auth token has run out";

/** Sends an auth token along with a call. */
export function presenting(token: string): Interceptor {
  return (options, next) =>
    new InterceptingCall(next(options), {
      start(metadata, _listener, start) {
        metadata.set("token", token);
        start(metadata, {
          onReceiveStatus(outcome, pass) {
            pass({ ...outcome, details: outcome.details.replace(RUN_OUT, TOKEN_RUN_OUT) });
          },
        });
      },
    });
}

/** Gives a call up when the signal is aborted, so that it holds nothing any more. */
export function endedBy(signal: AbortSignal): Interceptor {
  return (options, next) => {
    const call = new InterceptingCall(next(options));
    // A status that etcd3 draws no conclusions from: after CANCELLED it opens everything anew.
    const end = (): void => call.cancelWithStatus(status.OUT_OF_RANGE, "given up");
    // It begins only when this has returned.
    if (signal.aborted) queueMicrotask(end);
    else signal.addEventListener("abort", end, { once: true });
    return call;
  };
}
