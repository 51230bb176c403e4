import type { Clock } from "./clock.js";
import type { Config, ElectionConfig } from "./config.js";
import type { Election } from "./election.js";
import { UNCONTESTED } from "./election.js";
import type { Environment } from "./environment.js";
import { workloadEnvironment } from "./environment.js";
import type { Inbox } from "./inbox.js";
import type { Init } from "./init.js";
import { lifecycle } from "./lifecycle.js";
import type { Log } from "./log.js";
import type { Happening } from "./states.js";
import { supervise } from "./supervisor.js";
import { launch } from "./workload.js";

/** What a run stands on. */
export interface Ground {
  /** The environment that the workload inherits. */
  readonly env: Environment;
  /** Where signals arrive. */
  readonly inbox: Inbox<Happening>;
  /** Descriptors from 3 up to hand on to the command. */
  readonly descriptors: readonly number[];
  readonly init: Init;
  readonly clock: Clock;
  readonly log: Log;
}

/** Runs the command while leading, from the first connection to the last. @returns the exit status. */
export async function run(
  config: Omit<Config, "log">,
  { env, inbox, descriptors, init, clock, log }: Ground,
): Promise<number> {
  const { command, group, rules } = config;
  const election = await open(config.election, clock, log);
  try {
    return await supervise({
      // An election of one is won at once, however long that takes.
      lifecycle: lifecycle(config.election ? rules : { ...rules, wait: undefined }),
      election,
      launch(term) {
        const { adopted, release } = init;
        const environment = workloadEnvironment(env, term, config.election);
        const launched = launch({ command, ...environment, group, descriptors, adopted, release });
        // If it is not done yet: the command was not to wait for it.
        void init.open();
        return launched;
      },
      inbox,
      clock,
      log,
    });
  } finally {
    election.close();
  }
}

/** etcd's client takes half of a start; who needs no election does not load it. */
async function open(config: ElectionConfig | undefined, clock: Clock, log: Log): Promise<Election> {
  if (config === undefined) return UNCONTESTED;
  const [{ etcdElection }, { EtcdClient }] = await Promise.all([
    import("./etcd/election.js"),
    import("./etcd/client.js"),
  ]);
  return etcdElection(config, { client: new EtcdClient(config.etcd, { clock, log }), clock, log });
}
