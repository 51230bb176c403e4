import type { ClientHttp2Session, IncomingHttpHeaders } from "node:http2";
import { constants } from "node:http2";

/** gRPC's status codes as far as they matter here. */
export const [OK, NOT_FOUND] = [0, 5];

/** How a gRPC request went. */
export interface Answer {
  readonly status: number;
  readonly message: string;
  readonly body: Buffer;
}

/** Of a message: one byte whether it is compressed, four for its length. */
const PREFIX = 5;

/**
 * One gRPC request with one answer, over HTTP/2 as it is. Ends with the session.
 *
 * @param path such as `/etcdserverpb.Lease/LeaseRevoke`.
 * @throws what ended the connection.
 */
export function unary(session: ClientHttp2Session, path: string, body: Buffer, token?: string): Promise<Answer> {
  const { HTTP2_HEADER_METHOD, HTTP2_HEADER_PATH, HTTP2_HEADER_CONTENT_TYPE, HTTP2_HEADER_TE } = constants;
  return new Promise((resolve, reject) => {
    const stream = session.request({
      [HTTP2_HEADER_METHOD]: "POST",
      [HTTP2_HEADER_PATH]: path,
      [HTTP2_HEADER_CONTENT_TYPE]: "application/grpc",
      [HTTP2_HEADER_TE]: "trailers",
      ...(token && { token }),
    });
    const parts: Buffer[] = [];
    let told: IncomingHttpHeaders = {};
    // Without a body the status comes with the headers, else after it.
    stream.on("response", (headers) => (told = headers));
    stream.on("trailers", (trailers) => (told = trailers));
    stream.on("data", (part: Buffer) => void parts.push(part));
    stream.on("error", reject);
    stream.on("close", () => {
      const [status, message] = [told["grpc-status"], told["grpc-message"]];
      if (status === undefined) return reject(new Error("no gRPC status"));
      resolve({ status: Number(status), message: String(message ?? ""), body: Buffer.concat(parts).subarray(PREFIX) });
    });
    const prefix = Buffer.alloc(PREFIX);
    prefix.writeUInt32BE(body.length, 1);
    stream.end(Buffer.concat([prefix, body]));
  });
}

/** A field of a protobuf message: a number, or bytes. */
export function field(number: number, value: bigint | string): Buffer {
  if (typeof value === "bigint") return Buffer.concat([varint(BigInt(number << 3)), varint(value)]);
  const bytes = Buffer.from(value);
  return Buffer.concat([varint(BigInt((number << 3) | 2)), varint(BigInt(bytes.length)), bytes]);
}

/** The text in a field of a message that has only numbers and lengths, as etcd's answers do; empty if it is not there. */
export function textIn(message: Buffer, wanted: number): string {
  for (let at = 0; at < message.length;) {
    const [tag, afterTag] = readVarint(message, at);
    const [value, after] = readVarint(message, afterTag);
    const length = (tag & 7) === 2 ? value : 0;
    if (length > 0 && tag >> 3 === wanted) return message.toString("utf8", after, after + length);
    at = after + length;
  }
  return "";
}

function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  for (let rest = value; bytes.length === 0 || rest > 0n; rest >>= 7n)
    bytes.push(Number(rest & 0x7fn) | (rest > 0x7fn ? 0x80 : 0));
  return Buffer.from(bytes);
}

/** @returns the number, exact up to 2^53, and where it ends. */
function readVarint(bytes: Buffer, from: number): readonly [value: number, end: number] {
  let value = 0;
  for (let at = from, factor = 1; at < bytes.length; at++, factor *= 0x80) {
    const byte = bytes[at] ?? 0;
    value += (byte & 0x7f) * factor;
    if (byte < 0x80) return [value, at + 1];
  }
  return [value, bytes.length];
}
