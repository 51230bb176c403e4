/** Where something of ours listens. */
export interface Address {
  /** A name or an address, without the brackets of IPv6; undefined for every address of this host. */
  readonly host: string | undefined;
  /** 0 for any that is free. */
  readonly port: number;
}

const HIGHEST_PORT = 65_535;

/** Reads `HOST:PORT`, `[IPv6]:PORT` or `:PORT`; undefined for anything else. */
export function parseAddress(text: string): Address | undefined {
  const [, host, digits] = /^(\[[0-9a-f:.]+\]|[\w.-]*):(\d{1,5})$/i.exec(text) ?? [];
  const port = Number(digits);
  if (host === undefined || port > HIGHEST_PORT || !URL.canParse(`http://${host || "every"}`)) return undefined;
  return { host: host.replace(/^\[|\]$/g, "") || undefined, port };
}

/** As it is written. */
export function shownAddress({ host = "", port }: Address): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** Where to ask, from this host, whoever listens there. */
export function fromHere({ host, port }: Address): Address {
  if (host === undefined || host === "0.0.0.0") return { host: "127.0.0.1", port };
  return { host: host === "::" ? "::1" : host, port };
}
