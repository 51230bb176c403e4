import { projectPath } from "./paths.js";
import { Child, type ChildOptions, type Exit } from "./child.js";
import { environmentWithout } from "./command.js";

/** One line of the wrapper's log. */
export interface LogEvent {
  time: string;
  level: string;
  event: string;
  /** When the line was read here, as `performance.now()` had it. */
  seenAt: number;
  [field: string]: unknown;
}

export interface WrapperOptions extends ChildOptions {
  /** Added to the environment, which is the test's own without what would change the wrapper; undefined removes. */
  env?: Record<string, string | undefined>;
  /** The log as text: `events` stays empty. */
  text?: boolean;
  /** A command to run the wrapper under, such as ["unshare", "--pid", "--fork"]: `pid` is then that command's. */
  under?: readonly string[];
  /** Another program in the wrapper's place. */
  entry?: string;
  /** What starts the wrapper in place of Node, such as ["npx", "while-leader"]: `pid` is then npx's. */
  program?: readonly string[];
  /** Lets tap count what the wrapper covers: it then starts slower, and with tap's own signal handlers in it. */
  coverage?: boolean;
}

export interface EventOptions {
  /** Only an event for which this holds. */
  where?: (event: LogEvent) => boolean;
  /** Only one that came after this one. */
  after?: LogEvent | undefined;
  timeoutMs?: number;
}

const mainEntry = projectPath("dist/bin/while-leader.cjs");

const WAIT_LIMIT = 20_000;
const LINES_SHOWN = 30;

/** Starts `while-leader` with these arguments, logging JSON. Does not wait for anything. */
export function startWrapper(args: readonly string[], options: WrapperOptions = {}): Wrapper {
  return new Wrapper(args, options);
}

/** A running while-leader: its log as events, and all that a `Child` has. */
export class Wrapper extends Child {
  /** All that it has logged so far. */
  readonly events: LogEvent[] = [];

  constructor(args: readonly string[], options: WrapperOptions) {
    const { env = {}, text = false, under = [], entry = mainEntry, coverage = false, ...others } = options;
    const { program = [process.execPath, entry], ...rest } = others;
    const clean = coverage ? [] : ["/usr/bin/env", ...withoutTap(), `NODE_OPTIONS=${env.NODE_OPTIONS ?? ""}`];
    const format = text ? [] : ["--log-format", "json"];
    const [file = "", ...more] = [...clean, ...under, ...program, ...format, ...args];
    super(file, more, { ...rest, env: { ...wrapperEnvironment(), ...env } });
  }

  /** Resolves with the first such event, also with one that came before; rejects, showing the log, when none came. */
  event(name: string, options: EventOptions = {}): Promise<LogEvent> {
    const { where = () => true, after, timeoutMs = WAIT_LIMIT } = options;
    const look = (): LogEvent | undefined =>
      this.events
        .slice(after ? this.events.indexOf(after) + 1 : 0)
        .find((event) => event.event === name && where(event));
    return this.waitFor(`the event "${name}"`, look, timeoutMs);
  }

  protected override stderrLine(line: string): void {
    const event = logEvent(line);
    if (event) this.events.push(event);
  }

  protected override report(): string {
    return this.stderr.trimEnd().split("\n").slice(-LINES_SHOWN).join("\n");
  }
}

export interface Ended extends Exit {
  stdout: string;
  stderr: string;
  events: LogEvent[];
}

/** Runs `while-leader` to its end; rejects, and ends it, when that takes longer than `timeoutMs` (20 s). */
export async function runToEnd(
  args: readonly string[],
  options: WrapperOptions & { timeoutMs?: number } = {},
): Promise<Ended> {
  const { timeoutMs = WAIT_LIMIT, ...rest } = options;
  const wrapper = startWrapper(args, rest);
  try {
    const exit = await wrapper.exitedWithin(timeoutMs);
    return { ...exit, stdout: wrapper.stdout, stderr: wrapper.stderr, events: wrapper.events };
  } finally {
    await wrapper.end();
  }
}

/** The test's environment without what would make the wrapper slower, run as under npm, or find other settings. */
function wrapperEnvironment(): NodeJS.ProcessEnv {
  const foreign = ["NODE_EXTRA_CA_CERTS", "NODE_V8_COVERAGE", "ETCD", "ETCDCTL_", "WHILE_LEADER_", "GRPC_", "npm_"];
  return environmentWithout(...foreign, "NODE_OPTIONS");
}

/**
 * Flags for env(1), which then becomes the wrapper. tap hooks itself into every spawn of a test and adds its loader to
 * NODE_OPTIONS, whatever the environment given says; only what comes after the spawn can take that out again.
 */
export function withoutTap(): string[] {
  const names = Object.keys(process.env).filter((name) => name.startsWith("_TAPJS_"));
  return names.flatMap((name) => ["-u", name]);
}

/** The event in a line of stderr; nothing for what the workload wrote there. */
function logEvent(line: string): LogEvent | undefined {
  if (!line.startsWith("{")) return undefined;
  try {
    const fields = JSON.parse(line) as Partial<LogEvent>;
    if (typeof fields.event !== "string" || typeof fields.time !== "string") return undefined;
    return { ...(fields as LogEvent), seenAt: performance.now() };
  } catch {
    return undefined;
  }
}
