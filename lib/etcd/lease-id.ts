import { randomBytes } from "node:crypto";

/** 63 random bits: etcd's lease ids are signed and 0 asks etcd to choose. Chosen here, a grant can be sent twice. @returns it in decimal. */
export function randomLeaseId(): string {
  const id = randomBytes(8).readBigUInt64BE() & 0x7fff_ffff_ffff_ffffn;
  return (id === 0n ? 1n : id).toString();
}
