import { readFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";

/** The files a client needs to speak with a server that uses TLS. */
export interface TlsFiles {
  cacert: string;
  cert?: string;
  key?: string;
}

export interface MemberStatus {
  leads: boolean;
  raftTerm: number;
}

// An answer takes milliseconds; a frozen member never gives one.
const LIMIT = 2_000;

/** Whether the member at `url` answers a linearizable read: what etcd's own /health does. */
export async function isHealthy(url: string, tls: TlsFiles | undefined): Promise<boolean> {
  const answer = (await call(`${url}/health`, undefined, tls)) as { health?: unknown } | undefined;
  return answer?.health === "true";
}

/** What the member at `url` says about itself; undefined when it does not answer. */
export async function statusOf(url: string, tls: TlsFiles | undefined): Promise<MemberStatus | undefined> {
  type Status = { leader?: string; raftTerm?: string; header?: { member_id?: string } };
  const status = (await call(`${url}/v3/maintenance/status`, {}, tls)) as Status | undefined;
  if (status?.leader === undefined) return undefined;
  return { leads: status.leader === status.header?.member_id, raftTerm: Number(status.raftTerm) };
}

/** One request with a JSON answer: a GET without a body, else a POST; undefined for whatever went wrong. */
function call(url: string, body: object | undefined, tls: TlsFiles | undefined): Promise<unknown> {
  const request = url.startsWith("https:") ? httpsRequest : httpRequest;
  const options = {
    method: body ? "POST" : "GET",
    signal: AbortSignal.timeout(LIMIT),
    agent: false as const,
    ca: contents(tls?.cacert),
    cert: contents(tls?.cert),
    key: contents(tls?.key),
  };
  return new Promise((resolve) => {
    const sent = request(url, options, (answer) => {
      let text = "";
      answer.setEncoding("utf8");
      answer.on("data", (part: string) => (text += part));
      answer.on("error", () => resolve(undefined));
      answer.on("end", () => resolve(answer.statusCode === 200 ? parsed(text) : undefined));
    });
    sent.on("error", () => resolve(undefined));
    sent.end(body && JSON.stringify(body));
  });
}

function contents(file: string | undefined): Buffer | undefined {
  return file === undefined ? undefined : readFileSync(file);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
