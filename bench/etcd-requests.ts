/** Messages that an etcd has received from clients since it was started, by method: `LeaseKeepAlive`, `Range`, … */
export type Requests = ReadonlyMap<string, number>;

// An answer takes milliseconds; on a busy machine the first request of this process takes seconds.
const LIMIT = 30_000; // ms

/** What the etcd at `url` tells of itself. A stream counts once for each message. */
export async function requestsAt(url: string): Promise<Requests> {
  const answer = await fetch(`${url}/metrics`, { signal: AbortSignal.timeout(LIMIT) });
  return requestsIn(await answer.text());
}

/** @param metrics Prometheus' text format. */
export function requestsIn(metrics: string): Requests {
  const lines = metrics.matchAll(/^grpc_server_msg_received_total\{[^}]*grpc_method="(\w+)"[^}]*\} (\S+)$/gm);
  const counts = new Map<string, number>();
  for (const [, method = "", count] of lines) counts.set(method, (counts.get(method) ?? 0) + Number(count));
  return counts;
}

/** How many of these methods there were in between; without methods, of all. */
export function between(before: Requests, after: Requests, methods: readonly string[] = [...after.keys()]): number {
  return methods.reduce((sum, method) => sum + (after.get(method) ?? 0) - (before.get(method) ?? 0), 0);
}
