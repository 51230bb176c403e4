/** One kind of fault: how often it is drawn, whom it can befall, and how long it lasts. */
export interface Dish {
  readonly weight: number;
  readonly targets: readonly string[];
  /** From and to, in milliseconds; nothing for what is done at once and not undone. */
  readonly lasts?: readonly [number, number];
  /** What else is drawn, from and to: milliseconds of delay, busy processes. */
  readonly amount?: readonly [number, number];
}

// The leader is worth most, for its workload is what must not run on.
const CANDIDATES = ["leader", "leader", "leader", "standby", "any"];
const LINKS = ["leader all", "leader all", "leader one", "standby all", "everybody one", "everybody all"];
const MEMBERS = ["leader", "leader", "follower", "majority", "all"];

/** What can happen. Weights are such that in a minute each befalls some seeds, and that leaders live long enough to matter. */
export const MENU = {
  // A wrapper that is stopped for longer than its lease lasts is what the guard is for.
  "kill-wrapper": { weight: 8, targets: CANDIDATES },
  "stop-wrapper": { weight: 6, targets: CANDIDATES, lasts: [200, 8_000] },
  "end-wrapper": { weight: 7, targets: CANDIDATES },
  "kill-guard": { weight: 3, targets: CANDIDATES },
  "kill-guard-twice": { weight: 1, targets: CANDIDATES },
  "stop-guard": { weight: 2, targets: CANDIDATES, lasts: [200, 6_000] },
  "kill-workload": { weight: 4, targets: ["leader"] },
  "stop-workload": { weight: 3, targets: ["leader"], lasts: [200, 5_000] },

  // etcd's own leader election takes 1 to 1.6 s: resumed after that, an old leader is a stale one.
  "kill-member": { weight: 4, targets: MEMBERS, lasts: [300, 4_000] },
  "stop-member": { weight: 6, targets: MEMBERS, lasts: [300, 6_000] },
  "part-member": { weight: 4, targets: ["leader", "leader", "follower", "any"], lasts: [500, 6_000] },
  "part-one-way": { weight: 4, targets: ["to leader", "from leader", "link"], lasts: [500, 6_000] },
  // From what nobody notices to what no heartbeat survives.
  "delay-peers": { weight: 3, targets: ["leader", "leader", "follower"], lasts: [500, 6_000], amount: [20, 1_500] },
  "move-leader": { weight: 2, targets: ["follower"] },
  compact: { weight: 2, targets: ["now"] },
  defragment: { weight: 2, targets: ["leader", "follower", "all"] },

  "cut-link": { weight: 4, targets: LINKS, lasts: [100, 4_000] },
  "hold-link": { weight: 4, targets: LINKS, lasts: [200, 6_000] },
  "swallow-link": { weight: 4, targets: LINKS, lasts: [200, 6_000] },
  "swallow-up": { weight: 3, targets: LINKS, lasts: [200, 6_000] },
  "swallow-down": { weight: 3, targets: LINKS, lasts: [200, 6_000] },
  "delay-link": { weight: 5, targets: LINKS, lasts: [500, 6_000], amount: [20, 3_000] },
  "flap-link": { weight: 4, targets: LINKS, lasts: [500, 5_000], amount: [50, 600] },

  "delete-key": { weight: 3, targets: ["first", "first", "second"] },
  "revoke-lease": { weight: 3, targets: ["first", "first", "second"] },
  contend: { weight: 2, targets: ["elect"], lasts: [1_000, 5_000] },

  // Bounded: longer, and everything on a machine of two cores waits, the rig that looks on included.
  "starve-cpus": { weight: 2, targets: ["host"], lasts: [500, 2_500], amount: [4, 10] },
  "fill-disk": { weight: 2, targets: ["log"], lasts: [1_000, 6_000] },
} as const satisfies Readonly<Record<string, Dish>>;

export type FaultKind = keyof typeof MENU;

/** Faults that take the wrapper away, and those that take its guard. */
export const WRAPPER_FAULTS: readonly FaultKind[] = ["kill-wrapper", "stop-wrapper"];
export const GUARD_FAULTS: readonly FaultKind[] = ["kill-guard", "kill-guard-twice", "stop-guard"];

/** Faults that can keep etcd from answering. */
export const ETCD_FAULTS: readonly FaultKind[] = [
  "kill-member",
  "stop-member",
  "part-member",
  "part-one-way",
  "delay-peers",
  "defragment",
];
