import type { Happening, Rules } from "../../lib/states.js";
import type { Move, Situation, Validity } from "./world.js";

/** A renewal confirmed now; the numbers are small so that histories meet again, their order is that of safety.md. */
const VALID = { term: 3, kill: 5 };
/** Past every deadline. */
const LATE = 20;

/** Everything that can come next. `due`: when the lifecycle asked for its next tick. */
export function movesIn(situation: Situation, rules: Rules, due: number | undefined): readonly Move[] {
  if (situation.state.phase === "done") return [];
  return [
    ...moments(situation, due),
    ...signals(situation),
    ...election(situation),
    ...workload(situation, rules),
    move(situation, "fault", { type: "fault" }, "final"),
  ];
}

/** What comes next when nobody does more than they must; undefined if nothing can. */
export function closingMove(situation: Situation, due: number | undefined): Move | undefined {
  const { state, resigning, command, killed, now } = situation;
  if (state.phase === "done") return undefined;
  if (resigning) return move(situation, "resigned", { type: "resigned", chance: 1 });
  if (command === "ended") return move(situation, "gone", { type: "gone", chance: 1 });
  if (command === "started" && killed)
    return move(situation, "exited", { type: "exited", exit: { signal: "SIGKILL" } });
  return due === undefined || due === Infinity ? undefined : tickAt(situation, "tick", Math.max(now, due));
}

function move({ now, term }: Situation, name: string, event: Happening, final?: "final"): Move {
  return { name, now, term, event, ...(final && { final: true }) };
}

function tickAt(situation: Situation, name: string, now: number): Move {
  return { name, now, term: situation.term, event: { type: "tick" } };
}

/** Time passes: unnoticed (the wrapper is busy or stopped), with a renewal, or up to a tick that is early, in time or late. */
function moments(situation: Situation, due: number | undefined): Move[] {
  const { now, term, saidLost } = situation;
  const renewed = { termAt: now + 1 + VALID.term, killAt: now + 1 + VALID.kill };
  const inTime = due !== undefined && due > now && due !== Infinity;
  return [
    { name: "two pass", now: now + 2, term },
    ...(term && !saidLost ? [{ name: "renewed", now: now + 1, term: renewed }] : []),
    tickAt(situation, "tick at once", now),
    ...(inTime ? [tickAt(situation, "tick in time", due)] : []),
    tickAt(situation, "tick late", now + LATE),
  ];
}

function signals(situation: Situation): Move[] {
  return [
    move(situation, "SIGTERM", { type: "signal", signal: "SIGTERM" }, "final"),
    move(situation, "SIGHUP", { type: "signal", signal: "SIGHUP" }),
    move(situation, "hang-up", { type: "signal", signal: "SIGHUP", hungUp: true }, "final"),
  ];
}

/** Events of the election keep arriving while we resign: they may have been on their way. */
function election(situation: Situation): Move[] {
  const { candidacy, term, now, saidLost, resigning } = situation;
  const fresh = { termAt: now + VALID.term, killAt: now + VALID.kill };
  const stale = { termAt: now, killAt: now + 2 };
  return [
    ...(candidacy === "connecting" ? [move(situation, "queued", { type: "queued" })] : []),
    ...(candidacy === "over"
      ? []
      : [
          move({ ...situation, term: fresh }, "elected", { type: "elected" }),
          move({ ...situation, term: stale }, "elected too late", { type: "elected" }),
          move(situation, "campaign failed", { type: "campaign-failed", status: 77 }, "final"),
        ]),
    ...(term && !saidLost ? losses(situation, term) : []),
    ...(term ? [move(situation, "asked to step down", { type: "step-down" })] : []),
    ...(resigning ? [move(situation, "resigned", { type: "resigned", chance: 1 })] : []),
  ];
}

function losses(situation: Situation, term: Validity): Move[] {
  const { now } = situation;
  // Key or lease are gone: the validity ends at once, and KILL_AT is the kill margin before that.
  const killAt = Math.min(now - 1, term.killAt);
  const over = { ...situation, term: { termAt: Math.min(killAt - 1, term.termAt), killAt } };
  // The election itself says "expired" when the validity is over, which is after KILL_AT.
  const expired = now > term.killAt;
  return [
    move(over, "lost, key gone", { type: "lost", reason: "key-gone", killAt }),
    ...(expired ? [move(situation, "lost, expired", { type: "lost", reason: "expired", killAt: term.killAt })] : []),
  ];
}

function workload(situation: Situation, rules: Rules): Move[] {
  const { command, hook, killed, probing } = situation;
  const last = rules.restart || hook ? undefined : "final";
  const alive = command === "started";
  const well: Happening = { type: "exited", exit: { code: 0 } };
  const byKill: Happening = { type: "exited", exit: { signal: "SIGKILL" } };
  return [
    ...(alive ? [move(situation, "start failed", { type: "start-failed", status: 127 }, "final")] : []),
    ...(alive ? [move(situation, "exited 3", { type: "exited", exit: { code: 3 } }, last)] : []),
    ...(alive && (rules.restart || hook) ? [move(situation, "exited 0", well, hook ? undefined : "final")] : []),
    ...(alive ? [move(situation, "exited by SIGKILL", byKill, killed ? undefined : last)] : []),
    ...(probing && alive ? [move(situation, "healthy", { type: "probed", healthy: true })] : []),
    ...(probing && alive ? [move(situation, "unhealthy", { type: "probed", healthy: false })] : []),
    ...(command === "ended" ? [move(situation, "gone", { type: "gone", chance: 1 })] : []),
  ];
}
