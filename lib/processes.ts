import type { Census, Entry } from "./proc.js";
import { attempt, childrenOf, entryOf, everyProcess, isStartedWith } from "./proc.js";
import type { Signal } from "./signals.js";

/** How the processes of one workload are told from all others. */
export interface Belonging {
  /** The command's own process id: it and its descendants belong. Undefined while it is being started. */
  readonly root: number | undefined;
  /** Whether the command leads a process group and session of its own: whoever is in them belongs. */
  readonly ownGroup: boolean;
  /** Whoever has this text in its environment belongs, wherever it went. */
  readonly marker: string;
  /** Whose child the command is, and to whom its orphans fall. */
  readonly reaper: number;
  /** Whether a child of the reaper's is an orphan that fell to it: it belongs, but for those of somebody else's session. */
  readonly adopted: (pid: number) => boolean;
}

/** Every process of one workload, also those that left its group by setsid or a double fork. */
export interface Processes {
  /**
   * Those that are there and not zombies.
   *
   * @throws what keeps us from looking (no descriptor is free, say): not seen is not gone.
   */
  alive(): number[];
  /** Sends a signal to the root's group. Never throws. @returns whether there is one. */
  signalGroup(signal: Signal): boolean;
  /** SIGTERM to each of them that had none with its group; those that are stopped go on, so that they can heed it. Never throws. */
  terminate(): void;
  /** SIGKILL to each of them that can be found. Never throws. @returns to how many; undefined if nobody can tell. */
  kill(): number | undefined;
  /** Remembers the orphans that have fallen to the reaper: when that is gone, nothing tells any more that they belong. Never throws. */
  notice(): void;
}

/** The processes of the workload that `belonging` describes. Call it as soon as the root was started. */
export function processesOf(belonging: Belonging): Processes {
  const { root, ownGroup, marker, reaper, adopted } = belonging;
  const group = ownGroup ? root : undefined;
  // With its time of birth a process is known for good; its number alone may go to somebody else.
  const birthOf = (pid: number | undefined): string | undefined =>
    pid === undefined ? undefined : attempt(() => entryOf(pid)?.started);
  const birth = birthOf(root);
  /** Children of the reaper that were there when somebody last looked. */
  let looked: ReadonlySet<number | undefined> = new Set([root]);
  const seen = new Map<number | undefined, string | undefined>([[root, birth]]);

  const census = (): Census | undefined => {
    const now = birthOf(root);
    const grouped = ownGroup && (now === undefined || now === birth);
    const belongs = (entry: Entry): boolean | undefined =>
      seen.get(entry.pid) === entry.started ||
      (grouped && (entry.group === group || entry.session === group)) ||
      // Who was born before the root was not started by it: most of a host's processes, each of them a file less to read.
      (!(Number(entry.started) < Number(birth)) && isStartedWith(entry.pid, marker));
    const known = new Set<number>();
    const all = everyProcess((entry) => {
      const ours = entry.pid !== process.pid && belongs(entry);
      if (ours) known.add(entry.pid);
      return ours !== undefined;
    });
    if (all === undefined) return undefined;
    const ours = withOrphans(withDescendants(known, all.entries), belonging, all.entries);
    const entries = all.entries.filter(({ pid }) => ours.has(pid));
    for (const { pid, started } of entries) seen.set(pid, started);
    return { entries, settled: all.settled };
  };
  const members = (): readonly Entry[] | undefined => census()?.entries;

  const inGroup = (entry: Entry): boolean => entry.group === group;
  const signalGroup = (signal: Signal | 0): boolean => group !== undefined && send(-group, signal);
  /** The group at once, before anybody in it can fork again. @returns whom of `living` that reached. */
  const sendGroup = (living: readonly Entry[] | undefined, signal: Signal): readonly Entry[] => {
    if (living?.some(inGroup) ?? true) signalGroup(signal);
    return living?.filter(inGroup) ?? [];
  };

  /** Whoever had SIGTERM. Who was born to the group just before it got one is not among them, and is told again. */
  const told = new Map<number, string>();
  const note = (those: readonly Entry[]): void => those.forEach(({ pid, started }) => told.set(pid, started));
  const isUntold = ({ pid, started }: Entry): boolean => told.get(pid) !== started;
  const ask = (those: readonly Entry[]): void => {
    for (const { pid } of those.filter(isUntold)) send(pid, "SIGTERM");
    for (const { pid } of those.filter(({ state }) => state === "T")) send(pid, "SIGCONT");
    note(those);
  };

  return {
    alive() {
      const living = census();
      if (living?.settled === false && living.entries.length === 0) throw new Error("processes come and go too fast");
      if (living !== undefined) return living.entries.map(({ pid }) => pid);
      return group !== undefined && signalGroup(0) ? [-group] : [];
    },
    signalGroup(signal) {
      if (signal === "SIGTERM") note(attempt(members)?.filter(inGroup) ?? []);
      return signalGroup(signal);
    },
    terminate() {
      const living = attempt(members);
      if (told.size === 0) note(sendGroup(living, "SIGTERM"));
      ask(living ?? []);
    },
    kill() {
      // To look takes time, in which somebody else may lead already.
      if (root !== undefined && birth !== undefined && birthOf(root) === birth) send(group ? -group : root, "SIGSTOP");
      const living = attempt(members);
      const reached = new Set(sendGroup(living, "SIGKILL"));
      for (const entry of living ?? []) if (!reached.has(entry)) send(entry.pid, "SIGKILL");
      return living?.length;
    },
    notice() {
      const children = childrenOf(reaper);
      if (children.some((pid) => !looked.has(pid) && adopted(pid))) attempt(members);
      looked = new Set(children);
    },
  };
}

/** Adds whoever descends from one of them. */
function withDescendants(ours: Set<number>, entries: readonly Entry[]): Set<number> {
  for (let before = 0; before < ours.size;) {
    before = ours.size;
    for (const { pid, parent } of entries) if (ours.has(parent)) ours.add(pid);
  }
  return ours;
}

/**
 * Adds the orphans that fell to the reaper, but for a stranger's: to PID 1 fall all of its namespace, also those of a `docker exec`. Nobody
 * joins a session but by birth, so whoever is in a stranger's, or in one from outside of the namespace (0), is one too.
 */
function withOrphans(
  ours: Set<number>,
  { ownGroup, reaper, adopted }: Belonging,
  entries: readonly Entry[],
): Set<number> {
  const orphans = new Set(entries.filter(({ pid, parent }) => parent === reaper && adopted(pid)));
  const strangers = new Set(
    entries.filter((entry) => !ours.has(entry.pid) && !orphans.has(entry)).map(({ pid }) => pid),
  );
  const shared = ownGroup ? undefined : entries.find(({ pid }) => pid === reaper)?.session;
  for (const { pid, session } of orphans)
    if (session === shared || (session !== 0 && !strangers.has(session))) ours.add(pid);
  return withDescendants(ours, entries);
}

/** @returns false if it is gone meanwhile, or another user's, which nothing here can change. */
function send(target: number, signal: Signal | 0): boolean {
  try {
    return process.kill(target, signal);
  } catch {
    return false;
  }
}
