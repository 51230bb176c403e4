import type { ClientHttp2Session } from "node:http2";
import { connect } from "node:http2";
import type { Clock } from "../clock.js";
import type { Milliseconds } from "../duration.js";
import type { Endpoint } from "../endpoints.js";
import type { Access } from "./charge.js";
import { field, NOT_FOUND, OK, textIn, unary } from "./unary.js";

/** An etcd that is about to be there again is not asked in a loop. */
const TRY_AGAIN: Milliseconds = 200;

/**
 * Revokes leases, on all endpoints at once: whichever answers first will do. By HTTP/2 alone, because the etcd client takes longer to
 * load than the next leader should have to wait, and more memory than a process that only waits should have.
 *
 * @param ids decimal.
 * @param timeout when to leave them to run out.
 * @returns whether etcd has acknowledged it, or did not know them any more.
 */
export async function revoke(
  { endpoints, ...access }: Access,
  ids: readonly string[],
  clock: Clock,
  timeout: Milliseconds,
): Promise<boolean> {
  const over = new AbortController();
  const timer = clock.sleep(timeout, over.signal).then(() => false);
  const attempts = endpoints.map((endpoint) => revokeAt(endpoint, access, ids, clock, over.signal));
  const revoked = await Promise.race([timer, Promise.any(attempts).catch(() => false)]);
  over.abort();
  return revoked;
}

/** Tries for as long as it may. @throws when that is over. */
async function revokeAt(
  endpoint: Endpoint,
  access: Omit<Access, "endpoints">,
  ids: readonly string[],
  clock: Clock,
  signal: AbortSignal,
): Promise<true> {
  while (!signal.aborted) {
    const session = connect(endpoint, { ...access.tls });
    const end = (): void => session.destroy();
    // Whatever ends the session ends the requests on it, with an error of their own.
    session.on("error", () => {});
    signal.addEventListener("abort", end, { once: true });
    try {
      const token = await authenticate(session, access.user);
      await Promise.all(ids.map((id) => revokeOne(session, id, token)));
      return true;
    } catch {
      await clock.sleep(TRY_AGAIN, signal);
    } finally {
      signal.removeEventListener("abort", end);
      session.destroy();
    }
  }
  throw new Error("no time is left");
}

async function authenticate(session: ClientHttp2Session, user: Access["user"]): Promise<string> {
  if (user === undefined) return "";
  const request = Buffer.concat([field(1, user.name), field(2, user.password)]);
  const { body } = await unary(session, "/etcdserverpb.Auth/Authenticate", request);
  // Without one, as of an etcd that has no users, the revocation tells.
  return textIn(body, 2);
}

async function revokeOne(session: ClientHttp2Session, id: string, token: string): Promise<void> {
  const { status, message } = await unary(session, "/etcdserverpb.Lease/LeaseRevoke", field(1, BigInt(id)), token);
  if (status !== OK && status !== NOT_FOUND) throw new Error(message);
}
