import { usageFailure } from "./failure.js";

/** Where one etcd server listens: `http://host:port` or `https://host:port`. */
export type Endpoint = string;

/** What opens a connection to it. */
export interface Credentials {
  readonly tls?: { readonly ca?: Buffer; readonly cert?: Buffer; readonly key?: Buffer };
  readonly user?: { readonly name: string; readonly password: string };
}

/** etcd's client port, which etcdctl assumes too. */
const DEFAULT_PORT = "2379";

/**
 * Reads a comma-separated list as etcdctl takes it. An endpoint without a scheme is https if there is anything about TLS.
 *
 * @param from the option's name, for messages.
 * @throws Failure (status 64) for an entry that is no endpoint, or a mixture of http and https.
 */
export function parseEndpoints(text: string, from: string, tls: boolean): readonly Endpoint[] {
  const endpoints = text.split(",").map((part) => parseEndpoint(part.trim(), from, tls));
  if (new Set(endpoints.map((endpoint) => new URL(endpoint).protocol)).size > 1)
    throw usageFailure(from, text, "http and https cannot be mixed");
  return [...new Set(endpoints)];
}

function parseEndpoint(text: string, from: string, tls: boolean): Endpoint {
  const scheme = /^[a-z]+:\/\//i.exec(text)?.[0].toLowerCase();
  const known = scheme === undefined || scheme === "http://" || scheme === "https://";
  const [, host, port = DEFAULT_PORT] =
    /^(\[[0-9a-f:.]+\]|[\w.-]+)(?::(\d{1,5}))?\/?$/i.exec(text.slice(scheme?.length ?? 0)) ?? [];
  const endpoint = `${scheme ?? (tls ? "https://" : "http://")}${host}:${port}`;
  if (!known || host === undefined || Number(port) < 1 || !URL.canParse(endpoint)) {
    // A password before the host is out of place here, and in a message too.
    const shown = text.replace(/^(.*\/\/)?.*@/s, "$1…@");
    throw usageFailure(from, shown, 'not an endpoint such as 10.0.0.5:2379 or "https://etcd.example:2379"');
  }
  return endpoint;
}
