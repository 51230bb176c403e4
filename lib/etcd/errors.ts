import type { Endpoint } from "../endpoints.js";
import { ExitStatus } from "../exit-status.js";
import type { FailureCode } from "../failure.js";
import { Failure, messageOf } from "../failure.js";
import { TOKEN_RUN_OUT } from "./interceptors.js";

/** How one kind of error is told from the others, and to the user. */
interface Kind {
  /** What grpc and etcd write. etcd3 drops the status codes but keeps the text, where the code stands too. */
  readonly pattern: RegExp;
  readonly code: FailureCode;
  readonly say: (endpoint: Endpoint) => string;
}

const unreachable = (pattern: RegExp, why: string): Kind => ({
  pattern,
  code: "unreachable",
  say: (endpoint) => `cannot reach etcd at ${endpoint}: ${why}`,
});

const tls = (endpoint: Endpoint): boolean => endpoint.startsWith("https:");

const notEtcd = (pattern: RegExp, why: string): Kind => ({
  pattern,
  code: "not-etcd",
  say: (endpoint) => `${endpoint} is not etcd: ${why}`,
});

const untrusted = (pattern: RegExp, why: string): Kind => ({
  pattern,
  code: "untrusted",
  say: (endpoint) => `cannot trust etcd at ${endpoint}: ${why}`,
});

const refused = (pattern: RegExp, why: string): Kind => ({
  pattern,
  code: "refused",
  say: (endpoint) => `etcd at ${endpoint} refuses us: ${why}`,
});

const answer = (pattern: RegExp, code: FailureCode, why: string): Kind => ({ pattern, code, say: () => why });

/** The first that fits. */
const KINDS: readonly Kind[] = [
  answer(/requested lease not found/, "lease-gone", "the lease has run out or was revoked"),
  answer(/lease already exists/, "lease-exists", "the lease exists already"),
  answer(/has been compacted/, "compacted", "the revision has been compacted"),
  refused(/authentication failed/, "wrong user or password (--user)"),
  refused(/user name is empty/, "it asks for a user (--user)"),
  refused(
    /permission denied/,
    "permission denied: the user needs read and write on the election's keys, to ask only read",
  ),
  refused(
    /alert (bad certificate|certificate required|handshake failure|unknown ca)/i,
    "it asks for a certificate that it trusts (--cert, --key)",
  ),
  untrusted(/altname|does not match certificate/i, "its certificate is for another host"),
  untrusted(/certificate (has expired|is not yet valid)/i, "its certificate has expired or is not yet valid"),
  untrusted(/self[- ]signed|unable to (verify|get)|issuer/i, "its certificate is not signed by a known CA (--cacert)"),
  notEtcd(/wrong version number|packet length too long/i, "it does not speak TLS"),
  notEtcd(
    /Protocol error|UNIMPLEMENTED|HTTP status|Failed to connect/i,
    "it does not speak etcd's protocol (or wants TLS: https://)",
  ),
  unreachable(/ECONNREFUSED/, "connection refused"),
  unreachable(/Name resolution failed|ENOTFOUND|EAI_AGAIN/, "host name not found"),
  {
    pattern: /ECONNRESET|EPIPE|socket hang up|Connection dropped|before secure TLS connection/,
    code: "unreachable",
    say: (endpoint) =>
      `cannot reach etcd at ${endpoint}: connection lost${tls(endpoint) ? " (does it speak TLS?)" : ""}`,
  },
  unreachable(/EHOSTUNREACH|ENETUNREACH/, "no route to host"),
  unreachable(/DEADLINE_EXCEEDED|ETIMEDOUT|request timed out/, "no answer"),
  unreachable(/no leader|leader changed|not leader/, "it has no leader"),
  unreachable(/database space exceeded/, "its database is full"),
  unreachable(/RESOURCE_EXHAUSTED|UNAVAILABLE|CANCELLED|UNKNOWN|INTERNAL|ABORTED/, "not available"),
];

const STATUS: Partial<Record<FailureCode, number>> = { refused: ExitStatus.refused, untrusted: ExitStatus.refused };

/** What an error of one endpoint means. */
export function failureOf(error: unknown, endpoint: Endpoint): Failure {
  if (error instanceof Failure) return error;
  const text = messageOf(error);
  const kind = KINDS.find(({ pattern }) => pattern.test(text));
  const [code, message] = kind
    ? [kind.code, kind.say(endpoint)]
    : (["rejected", `etcd at ${endpoint}: ${text}`] as const);
  return new Failure(code, message, STATUS[code], { cause: error });
}

/** Our own patience has an end. */
export function noAnswer(endpoint: Endpoint): Failure {
  return new Failure("unreachable", `cannot reach etcd at ${endpoint}: no answer`);
}

/** Whether the same request may succeed later or elsewhere. */
export function passing(failure: Failure): boolean {
  return failure.code === "unreachable" || failure.code === "not-etcd";
}

/** Whether the token is too old: unary calls then authenticate anew. */
export function asksForNewToken(error: unknown): boolean {
  const text = messageOf(error);
  return text.includes(TOKEN_RUN_OUT) || /revision of auth store is old/.test(text);
}

/** Whether etcd has no users at all. */
export function authNotEnabled(error: unknown): boolean {
  return /authentication is not enabled/.test(messageOf(error));
}
