import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";

/** One process as the kernel shows it now. */
export interface Row {
  pid: number;
  ppid: number;
  pgid: number;
  session: number;
  /** R, S, D, T, Z …: the first letter that ps shows. */
  state: string;
  /** When it was started; pid and birth together never name two processes. */
  born: string;
}

/** Every process there is, zombies included. Synchronous, so that it works while this process exits. */
export function processTable(): Row[] {
  if (process.platform !== "linux") return tableFromPs();
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((name) => processRow(Number(name)))
    .filter((row) => row !== undefined);
}

/** The process `pid`, if there is one. */
export function processRow(pid: number): Row | undefined {
  if (process.platform !== "linux") return tableFromPs().find((row) => row.pid === pid);
  const text = readProc(pid, "stat");
  if (text === undefined) return undefined;
  // The name in parentheses may hold spaces and parentheses itself.
  const field = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return {
    pid,
    state: field[0] ?? "?",
    ppid: Number(field[1]),
    pgid: Number(field[2]),
    session: Number(field[3]),
    born: field[19] ?? "?",
  };
}

/** Whether `pid` is there and not a zombie. */
export function isAlive(pid: number): boolean {
  const row = processRow(pid);
  return row !== undefined && isLiving(row);
}

export function isLiving(row: Row): boolean {
  return row.state !== "Z" && row.state !== "X";
}

/** The living processes whose environment holds `marker` ("NAME=value"), and all that descend from them or from `roots`. */
export function kin(marker: string, roots: readonly number[]): Row[] {
  const table = processTable();
  const found = new Set<number>(roots);
  const holds = holderOf(marker);
  for (const row of table) if (holds(row.pid)) found.add(row.pid);
  for (let before = -1; before !== found.size;) {
    before = found.size;
    for (const row of table) if (found.has(row.ppid)) found.add(row.pid);
  }
  return table.filter((row) => found.has(row.pid) && isLiving(row));
}

/** Sends SIGKILL, unless the process is gone or somebody else has its number by now. */
export function killRow(row: Row): void {
  if (processRow(row.pid)?.born !== row.born) return;
  signalProcess(row.pid, "SIGKILL");
}

/** Sends a signal to a process, or to a group by its negative number; false if there is none. */
export function signalProcess(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
    throw error;
  }
}

function holderOf(marker: string): (pid: number) => boolean {
  if (process.platform === "linux") return (pid) => `\0${readProc(pid, "environ") ?? ""}`.includes(`\0${marker}\0`);
  const environments = environmentsFromPs();
  return (pid) => environments.get(pid)?.includes(marker) ?? false;
}

function readProc(pid: number, name: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "latin1");
  } catch {
    return undefined; // gone meanwhile, or not ours to read
  }
}

function tableFromPs(): Row[] {
  const text = execFileSync("ps", ["-axo", "pid=,ppid=,pgid=,sess=,stat=,lstart="], { encoding: "utf8" });
  return text.split("\n").flatMap((line) => {
    const [pid, ppid, pgid, session, state, ...born] = line.trim().split(/\s+/);
    if (!state) return [];
    return [
      {
        pid: Number(pid),
        ppid: Number(ppid),
        pgid: Number(pgid),
        session: Number(session),
        state: state.charAt(0),
        born: born.join(" "),
      },
    ];
  });
}

function environmentsFromPs(): Map<number, string> {
  const text = execFileSync("ps", ["-axEwwo", "pid=,command="], { encoding: "utf8", maxBuffer: 64 << 20 });
  return new Map(text.split("\n").map((line) => [Number.parseInt(line, 10), line]));
}
