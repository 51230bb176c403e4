import type { Clock } from "./clock.js";
import type { Config, ElectionConfig } from "./config.js";
import type { Election } from "./election.js";
import { UNCONTESTED } from "./election.js";
import type { Environment, WorkloadEnvironment } from "./environment.js";
import { workloadEnvironment } from "./environment.js";
import type { Exit } from "./exit-status.js";
import { exitStatus } from "./exit-status.js";
import type { Failure } from "./failure.js";
import type { Access } from "./guard/charge.js";
import type { Guard } from "./guard/guard.js";
import { openGuard, UNGUARDED } from "./guard/guard.js";
import type { Inbox } from "./inbox.js";
import type { Init } from "./init.js";
import type { Lifecycle } from "./lifecycle.js";
import { lifecycle } from "./lifecycle.js";
import type { Log } from "./log.js";
import { startProbe } from "./probe.js";
import type { Happening, Hook, Phase, Step } from "./states.js";
import { supervise } from "./supervisor.js";
import type { Launch, Workload } from "./workload.js";
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
  /** Hears of the lifecycle's phase after each of its steps. */
  readonly entered?: (phase: Phase) => void;
}

/** Runs the command while leading, from the first connection to the last. @returns the exit status. */
export async function run(config: Config, ground: Ground): Promise<number> {
  const { env, inbox, descriptors, init, clock, log, entered = () => {} } = ground;
  const { command, group, rules } = config;
  const access = config.election && accessOf(config.election);
  // Beside all that comes before the command is started, and never on the way there.
  const guard = config.guard ? openGuard(access, { clock, log, logOptions: config.log }) : UNGUARDED;
  let environment: WorkloadEnvironment = { env: {}, marker: "" };
  try {
    const election = await open(config.election, guard, clock, log);
    try {
      return await supervise({
        // An election of one is won at once, however long that takes.
        lifecycle: told(lifecycle(config.election ? rules : { ...rules, wait: undefined }), entered),
        election,
        guard,
        launch(term, hook) {
          const { adopted, release } = init;
          const its = workloadEnvironment(env, term, config.election);
          if (hook === undefined) environment = its;
          const what = hook ? hookLaunch(config.hooks, hook, its) : { command, ...its, group, descriptors, release };
          const launched = launchGuarded(guard, init.children(), { ...what, adopted });
          // If it is not done yet: the command was not to wait for it.
          void init.open();
          return launched;
        },
        probe: () => startProbe(config.health ?? "", environment.env),
        inbox,
        clock,
        log,
      });
    } finally {
      election.close();
    }
  } finally {
    await guard.close();
  }
}

/** The same lifecycle, which also tells where it has come to. */
function told(life: Lifecycle, entered: (phase: Phase) => void): Lifecycle {
  const tell = (step: Step): Step => {
    entered(step[0].phase);
    return step;
  };
  return { ...life, begin: (at) => tell(life.begin(at)), step: (state, event) => tell(life.step(state, event)) };
}

/** A hook is one line for the shell, which knows of no signals: they go to all of it. */
function hookLaunch(
  commands: Config["hooks"],
  { hook, reason, exit }: Hook,
  { env, marker }: WorkloadEnvironment,
): Omit<Launch, "adopted"> {
  const status = exit && String(exitStatus(exit));
  return {
    command: ["/bin/sh", "-c", commands?.[hook] ?? ""],
    env: { ...env, WHILE_LEADER_REASON: reason, WHILE_LEADER_STATUS: status },
    marker,
    group: true,
    descriptors: [],
    background: true,
    release: () => {},
  };
}

/** At no moment is there a command that the guard would not find if we were gone. */
function launchGuarded(guard: Guard, strangers: readonly number[] | null, what: Launch): Workload | Promise<Failure> {
  const release = (exit: Exit): void => {
    guard.release();
    what.release(exit);
  };
  guard.expect(what.marker, strangers);
  const launched = launch({ ...what, release });
  if (launched instanceof Promise) guard.release();
  else guard.hold(launched.pid, launched.ownGroup);
  return launched;
}

/** etcd's client takes half of a start; who needs no election does not load it. */
async function open(config: ElectionConfig | undefined, guard: Guard, clock: Clock, log: Log): Promise<Election> {
  if (config === undefined) return UNCONTESTED;
  const [{ etcdElection }, { EtcdClient }, { randomLeaseId }] = await Promise.all([
    import("./etcd/election.js"),
    import("./etcd/client.js"),
    import("./etcd/lease-id.js"),
  ]);
  const newLeaseId = (): string => {
    const id = randomLeaseId();
    guard.lease(id);
    return id;
  };
  return etcdElection(config, { client: new EtcdClient(config.etcd, { clock, log }), clock, log, newLeaseId });
}

/** What the guard needs to revoke a lease, as it goes over a pipe. */
function accessOf({ etcd: { endpoints, tls, user } }: ElectionConfig): Access {
  const files = Object.entries(tls ?? {}).map(([name, file]: [string, Buffer]) => [name, file.toString()]);
  return { endpoints, tls: Object.fromEntries(files) as Access["tls"] & object, ...(user && { user }) };
}
