/** One line of test/fixtures/beats.js: a process of the workload was alive then, and acted. */
export interface Beat {
  /** Milliseconds on the host's monotonic clock, just before the line was written. */
  at: number;
  /** The fencing token. */
  token: bigint;
  pid: number;
}

/** The beats of a file in the order in which they were written. A last line without its end is still being written. */
export function readBeats(text: string): Beat[] {
  return text.split("\n").slice(0, -1).map(readBeat);
}

function readBeat(line: string, index: number): Beat {
  const [, at, token, pid] = /^(\d+(?:\.\d+)?) (\d+) (\d+) beat$/.exec(line) ?? [];
  if (at === undefined || token === undefined || pid === undefined) {
    throw new Error(`line ${index + 1} is not a beat: ${JSON.stringify(line)}`);
  }
  return { at: Number(at), token: BigInt(token), pid: Number(pid) };
}

/**
 * Whatever in the order of these beats cannot be if at most one workload runs at once; empty when all is well.
 * - tokens only grow: once one is seen, no older one comes again, neither an old leader's nor a new one's
 * - under one token one process follows another: a process that has been followed does not beat again
 */
export function violations(beats: readonly Beat[]): string[] {
  const found: string[] = [];
  let newest: Beat | undefined;
  const followed = new Set<number>();
  for (const beat of beats) {
    if (newest && beat.token < newest.token) {
      found.push(`token ${beat.token} (${said(beat)}) after token ${newest.token} (${said(newest)})`);
      continue;
    }
    if (newest?.token !== beat.token) followed.clear();
    if (followed.has(beat.pid)) {
      found.push(`token ${beat.token}: ${said(beat)} although another process had followed it`);
      continue;
    }
    if (newest?.token === beat.token && newest.pid !== beat.pid) followed.add(newest.pid);
    newest = beat;
  }
  return found;
}

function said(beat: Beat): string {
  return `pid ${beat.pid} at ${beat.at} ms`;
}
