import type { Clock } from "./clock.js";
import { within } from "./clock.js";
import type { Config, ElectionConfig } from "./config.js";
import type { Milliseconds } from "./duration.js";
import type { EtcdClient } from "./etcd/client.js";
import type { RollCall } from "./etcd/roll-call.js";
import { Failure } from "./failure.js";
import type { Rolls, Status } from "./status/status.js";

/** A connection to the endpoints is given up after 3 s. */
const TELL_WITHIN: Milliseconds = 2_000;

/**
 * The endpoints that the configuration asks for; nothing of theirs is loaded without `--listen`.
 *
 * @throws Failure (status 69) if the address cannot be had.
 */
export async function openListening(
  { listen, election }: Config,
  clock: Clock,
  version: string,
): Promise<Status | undefined> {
  if (listen === undefined) return undefined;
  const { openStatus } = await import("./status/status.js");
  const rolls = election && lateRolls(election, clock);
  return openStatus(listen, { version, election: election?.name, ...(rolls && { rolls }) }, clock);
}

/**
 * Reads who stands in the election, over a connection of its own, which is opened for the first question: one that fails is not to
 * take the renewals' along.
 */
function lateRolls({ name, etcd }: ElectionConfig, clock: Clock): Rolls {
  let opened: Promise<{ readonly client: EtcdClient; readonly call: RollCall }> | undefined;
  const open = async (): Promise<Awaited<NonNullable<typeof opened>>> => {
    const [{ EtcdClient }, { RollCall }] = await Promise.all([
      import("./etcd/client.js"),
      import("./etcd/roll-call.js"),
    ]);
    const client = new EtcdClient(etcd, { clock, log: () => {} });
    return { client, call: new RollCall(name, { client, clock }) };
  };
  const late = (): Failure => new Failure("unreachable", `no answer of etcd within ${TELL_WITHIN} ms`);
  return {
    async read() {
      const { call } = await (opened ??= open());
      return within(clock, TELL_WITHIN, call.once(undefined), late);
    },
    close() {
      opened?.then(
        ({ client }) => client.close(),
        () => {}, // then there is none
      );
    },
  };
}
