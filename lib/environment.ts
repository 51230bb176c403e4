import type { Term } from "./election.js";
import { OWN_VARIABLES } from "./options.js";

export type Environment = Readonly<Record<string, string | undefined>>;

/** Names every while-leader that a process is under, from the outermost in: how it is found wherever it went. */
const MARK = "WHILE_LEADER_MARK";

/** What one workload finds in its environment, and the text in it that no other workload has. */
export interface WorkloadEnvironment {
  readonly env: Environment;
  readonly marker: string;
}

/**
 * The workload's environment: ours, less the variables that set our options, plus what it may want to know of its term.
 *
 * @param standing the election and our identity there; left out without an election.
 */
export function workloadEnvironment(
  ours: Environment,
  term: Term,
  standing: { readonly name: string; readonly identity: string } | undefined,
): WorkloadEnvironment {
  const kept = Object.entries(ours).filter(([name]) => !OWN_VARIABLES.includes(name));
  const marker = randomName();
  const mark = [ours[MARK], marker].filter(Boolean).join(":");
  const told = standing && {
    WHILE_LEADER_REVISION: term.revision,
    WHILE_LEADER_KEY: term.key,
    WHILE_LEADER_LEASE: term.lease,
    WHILE_LEADER_OF: standing.name,
    WHILE_LEADER_AS: standing.identity,
    // etcdctl lock hands on the revision of its election, not of its key; in one queue the two must grow together.
    ETCD_LOCK_REV: term.electedAt,
    ETCD_LOCK_KEY: term.key,
  };
  return { env: { ...Object.fromEntries(kept), ...told, [MARK]: mark }, marker };
}

/** 104 random bits. A name and no secret, and not worth the 3 ms that it takes to load Node's crypto. */
function randomName(): string {
  const half = (): string =>
    Math.floor(Math.random() * 2 ** 52)
      .toString(16)
      .padStart(13, "0");
  return half() + half();
}

/**
 * The guard's environment: ours, by whose marks it is found, without what may be secret and what Node would heed. (To read
 * NODE_EXTRA_CA_CERTS alone takes Node 20 longer than all else at its start.)
 */
export function guardEnvironment(ours: Environment): Environment {
  const withheld = (name: string): boolean => OWN_VARIABLES.includes(name) || /^(ETCDCTL|NODE)_/.test(name);
  return Object.fromEntries(Object.entries(ours).filter(([name]) => !withheld(name)));
}
