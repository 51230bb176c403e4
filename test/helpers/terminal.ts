import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { runCommand } from "./command.js";
import { Wrapper, type WrapperOptions } from "./wrapper.js";

export interface TerminalOptions extends Omit<WrapperOptions, "under" | "text" | "stdin"> {
  /** Somebody else than while-leader itself leads the session, such as a shell; it finds while-leader in `$node` and `$entry`. */
  leader?: readonly string[];
  /** while-leader is PID 1 of a namespace, and as with `docker run -it` the terminal's other end is outside. Takes root. */
  pid1?: boolean;
}

export type Size = { rows: number } | { cols: number };

/** Why there can be no terminal here; undefined if there can. */
export function noTerminal(): string | undefined {
  const version = spawnSync("script", ["--version"], { encoding: "utf8" }).stdout ?? "";
  return version.includes("util-linux") ? undefined : "there is no script(1) of util-linux here, which makes terminals";
}

/** Why nobody can be PID 1 on a terminal here; undefined if one can. */
export function noPid1(): string | undefined {
  const missing = ["unshare", "setsid"].find((tool) => spawnSync(tool, ["--version"]).status !== 0);
  if (missing !== undefined) return `there is no ${missing}(1) here, which makes PID 1 of a terminal`;
  return process.getuid?.() === 0 ? noTerminal() : "only root can make a PID 1";
}

/**
 * Runs in bash, given while-leader's command line. script(1) takes a command as text for $SHELL, starts it as leader of a session
 * on a new terminal, and copies: its stdin to the terminal, what is shown there to its stdout. That goes to stderr here, where a
 * `Wrapper` looks for the log. (When its stdin ends it types a Ctrl-D: whoever starts it keeps that open.)
 */
const ON_A_TERMINAL = `
export node=$1 entry=$2 SHELL=$BASH
if [ -n "$LEADER" ]; then eval "set -- $LEADER"; fi
if [ -n "$AS_PID_1" ]; then set -- unshare --pid --fork --mount-proc --kill-child setsid --ctty "$@"; fi
begin='stty sane rows 24 cols 500; echo "terminal $(tty)"; unset AS_PID_1 LEADER; exec "$@"'
exec script --quiet --return --flush --command "exec bash -c \${begin@Q} bash \${*@Q}" /dev/null >&2`;

/** Nothing of the user's own shell, and no line that is redrawn. */
const PLAIN_SHELL = {
  TERM: "dumb",
  LC_ALL: "C",
  HISTFILE: "",
  INPUTRC: "/dev/null",
  BASH_ENV: undefined,
  ENV: undefined,
  MAIL: undefined,
  PROMPT_COMMAND: undefined,
};

const STEP_LIMIT = 10_000;

/** Starts while-leader with these arguments as leader of the session of a new terminal, or in its place `leader`. */
export function startTerminal(args: readonly string[], options: TerminalOptions): Terminal {
  return new Terminal(args, options);
}

/** A pseudo-terminal to type on and to look at, with while-leader on it: its log as events, and all that a `Child` has. */
export class Terminal extends Wrapper {
  readonly #depth: number;
  #actedAt = 0;

  constructor(args: readonly string[], options: TerminalOptions) {
    const { leader = [], pid1 = false, env, ...rest } = options;
    const own = { LEADER: leader.map(quoted).join(" "), AS_PID_1: pid1 ? "yes" : "" };
    const under = ["bash", "-c", ON_A_TERMINAL, "bash"];
    super(args, { ...rest, under, stdin: "pipe", env: { ...PLAIN_SHELL, ...env, ...own } });
    this.#depth = pid1 ? 2 : 1;
  }

  /** All that it has shown, each line ended by "\n" alone. */
  get shown(): string {
    return this.stderr.replaceAll("\r", "");
  }

  /** What it has shown since it was last typed on or resized: the echo too, but not while-leader's log. */
  get answer(): string {
    return this.stderr
      .slice(this.#actedAt)
      .replaceAll("\r", "")
      .replaceAll(/\{"time":.*\n/g, "");
  }

  /** Presses keys: text, "\r" for Enter, or control characters. */
  type(keys: string): void {
    this.forget();
    this.stdin?.write(keys);
  }

  /** What it shows from now on is the answer. */
  forget(): void {
    this.#actedAt = this.stderr.length;
  }

  /** Waits until `match` is in the answer. */
  shows(match: RegExp, timeoutMs = STEP_LIMIT): Promise<RegExpExecArray> {
    return this.waitFor(`${String(match)} on the terminal`, () => match.exec(this.answer) ?? undefined, timeoutMs);
  }

  /** Its name, such as "/dev/pts/3". */
  async device(): Promise<string> {
    const device = (): string | undefined => /^terminal (\S+)$/m.exec(this.shown)?.[1];
    return this.waitFor("the terminal's name", device, STEP_LIMIT);
  }

  /** What stty(1) says about its modes and its size. */
  async modes(): Promise<string> {
    return this.#stty("-a");
  }

  /** Makes it larger or smaller: one of both, for stty sets the two one after the other. */
  async resize(size: Size): Promise<void> {
    this.forget();
    await this.#stty(...("rows" in size ? ["rows", `${size.rows}`] : ["cols", `${size.cols}`]));
  }

  /** The other end goes away, as when a window is closed or a connection is lost. */
  async hangUp(): Promise<void> {
    this.kill("SIGKILL");
    await this.exited;
  }

  /** The number that a process has here: in the log of a PID 1 are those of its namespace. */
  outside(pid: number): number {
    const found = this.descendants().find((row) => {
      const numbers = numbersOf(row.pid);
      return numbers.length === this.#depth && numbers.at(-1) === pid;
    });
    if (found === undefined) throw new Error(`no process ${pid} on the terminal`);
    return found.pid;
  }

  /** while-leader's own process. */
  async wrapperPid(): Promise<number> {
    return this.outside(Number((await this.event("starting")).pid));
  }

  /** The command's process. */
  async commandPid(): Promise<number> {
    return this.outside(Number((await this.event("started")).pid));
  }

  /** A line of the log begins where the cursor is, which may be behind a prompt or an echo. */
  protected override stderrLine(line: string): void {
    const start = line.indexOf('{"time":');
    if (start >= 0) super.stderrLine(line.slice(start).trimEnd());
  }

  async #stty(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await runCommand("stty", ["-F", await this.device(), ...args]);
    if (code !== 0) throw new Error(`stty ${args.join(" ")}: ${stderr}`);
    return stdout;
  }
}

/** For a shell. */
export function quoted(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

/** A process's numbers in the namespaces from ours to its own. */
function numbersOf(pid: number): number[] {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "latin1");
    return (/^NSpid:\s*(.*)$/m.exec(status)?.[1] ?? "").split(/\s+/).map(Number);
  } catch {
    return []; // gone meanwhile
  }
}
