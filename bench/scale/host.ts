import type { Campaign, Election } from "../../lib/index.js";
import { shareEtcd } from "../../lib/index.js";

// A process that stands for as many candidates as it is told to, through the library as a program would.

/** What a host is told to do. */
export type Order =
  | { readonly do: "stand"; readonly endpoints: string; readonly ttl: number; readonly seats: readonly Seat[] }
  | { readonly do: "withdraw"; readonly id: number };

/** One candidate's place. */
export interface Seat {
  readonly id: number;
  readonly election: string;
}

/** What happens to a candidate: what it logs, and what it is made to do. `at` is CLOCK_MONOTONIC in ms, the same in all processes. */
export interface Told {
  readonly id: number;
  readonly event: string;
  readonly at: number;
}

/** How many ask for a lease at once: etcd syncs its disk for all that come together. With many more their own renewals come too late. */
const AT_ONCE = 10;

const standing = new Map<number, { readonly campaign: Campaign; readonly election: Election }>();

process.on("message", (order: Order) => void (order.do === "stand" ? stand(order) : withdraw(order.id)));
process.on("disconnect", () => process.exit());

async function stand({ endpoints, ttl, seats }: Extract<Order, { do: "stand" }>): Promise<void> {
  const etcd = shareEtcd({ endpoints });
  const rest = seats.values();
  const worker = async (): Promise<void> => {
    for (const { id, election: name } of rest) {
      const election = etcd.openElection({ name, identity: String(id), ttl }, (_level, event) => tell(id, event));
      const campaign = election.campaign();
      standing.set(id, { campaign, election });
      void lost(campaign).then(
        () => tell(id, "lost"),
        () => {}, // it is withdrawn
      );
      await campaign.queued;
      tell(id, "queued");
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

async function lost({ elected }: Campaign): Promise<void> {
  await (
    await elected
  ).lost;
}

async function withdraw(id: number): Promise<void> {
  const candidate = standing.get(id);
  standing.delete(id);
  tell(id, "withdrawing");
  await candidate?.campaign.withdraw(10_000);
  candidate?.election.close();
  tell(id, "withdrawn");
}

const UNTOLD = new Set(["granted", "renewed"]);

function tell(id: number, event: string): void {
  const at = Number(process.hrtime.bigint()) / 1e6;
  if (!UNTOLD.has(event) && process.connected) process.send?.({ id, event, at } satisfies Told);
}
