import type { Interceptor } from "@grpc/grpc-js";
import { InterceptingCall } from "@grpc/grpc-js";

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
          onReceiveStatus(status, pass) {
            pass({ ...status, details: status.details.replace(RUN_OUT, TOKEN_RUN_OUT) });
          },
        });
      },
    });
}
