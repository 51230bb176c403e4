import type * as Crypto from "node:crypto";

/** Loaded for those who have certificates: it takes 3 ms of a start. */
const crypto = (): typeof Crypto => process.getBuiltinModule("node:crypto");

/** @throws if it is none. */
export function certificateIn(pem: Buffer): Crypto.X509Certificate {
  const { X509Certificate } = crypto();
  return new X509Certificate(pem);
}

/** @throws if it is none, or one with a passphrase. */
export function privateKeyIn(pem: Buffer): Crypto.KeyObject {
  return crypto().createPrivateKey(pem);
}
