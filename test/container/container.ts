import { spawnSync } from "node:child_process";
import type { Test } from "tap";
import { atExit } from "../helpers/at-exit.js";
import { runCommand, type Finished } from "../helpers/command.js";
import { Wrapper, type EventOptions, type LogEvent } from "../helpers/wrapper.js";
import { docker, IMAGES, tryDocker } from "./engine.js";

export interface ContainerOptions {
  image?: string;
  /** Flags of `docker run`. */
  flags?: readonly string[];
  env?: Readonly<Record<string, string>>;
  /** What runs in the place of the image's CMD. */
  command?: readonly string[];
}

// An engine under load takes seconds to start a container.
const WAIT_LIMIT = 60_000;

let containers = 0;

/** A name that no other test has. */
export function uniqueName(what: string): string {
  return `while-leader-test-${process.pid}-${containers++}-${what}`;
}

/**
 * A container in the foreground of its `docker run`: what it prints is the client's, while-leader's log is read as events, and the
 * client's exit status is the container's.
 */
export class Container extends Wrapper {
  readonly name: string;

  constructor(t: Test, host: string, options: ContainerOptions = {}) {
    const name = uniqueName(host);
    const program = ["docker", "run", ...runFlags(name, host, options)];
    super([...(options.command ?? [])], { t, text: true, program: [...program, options.image ?? IMAGES.example] });
    this.name = name;
    removeWith(t, name);
  }

  override event(name: string, options: EventOptions = {}): Promise<LogEvent> {
    return super.event(name, { timeoutMs: WAIT_LIMIT, ...options });
  }

  /** Runs a command in it, as `docker exec` does. Never rejects. */
  exec(...command: string[]): Promise<Finished> {
    return runCommand("docker", ["exec", this.name, ...command], { timeoutMs: WAIT_LIMIT });
  }

  /** `docker stop`: a stop signal, and SIGKILL 10 s later. Resolves when it has ended. */
  async stop(...flags: string[]): Promise<void> {
    await docker("stop", ...flags, this.name);
  }

  /** `docker kill -s`: a signal for its PID 1. */
  async signal(name: string): Promise<void> {
    await docker("kill", "--signal", name, this.name);
  }

  /** Its exit status, as the engine has it. */
  async status(): Promise<number> {
    await this.exitedWithin(WAIT_LIMIT);
    return Number(await this.inspect("{{.State.ExitCode}}"));
  }

  inspect(format: string): Promise<string> {
    return docker("inspect", "--format", format, this.name);
  }
}

/** Flags of `docker run` for a container that is known by `host` in its network, and logs JSON. */
export function runFlags(name: string, host: string, { flags = [], env = {} }: ContainerOptions): string[] {
  const variables = Object.entries({ WHILE_LEADER_LOG_FORMAT: "json", ...env });
  const set = variables.flatMap(([key, value]) => ["--env", `${key}=${value}`]);
  return ["--name", name, "--hostname", host, ...set, ...flags];
}

/** Removes a container, running or not, when the test is over. */
export function removeWith(t: Test, name: string): void {
  const forget = atExit(() => spawnSync("docker", ["rm", "--force", "--volumes", name], { stdio: "ignore" }));
  t.teardown(async () => {
    await tryDocker("rm", "--force", "--volumes", name);
    forget();
  });
}

/** What nginx answers in a container that was started from the example, or why it does not. */
export async function pageOf(name: string): Promise<string> {
  const ask =
    "fetch('http://127.0.0.1:8080').then((r) => r.text()).then(console.log, (e) => console.log(e.cause.code))";
  return (await tryDocker("exec", name, "node", "-e", ask)).stdout.trim();
}
