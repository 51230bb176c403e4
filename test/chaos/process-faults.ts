import { setTimeout as pause } from "node:timers/promises";
import { until } from "../helpers/until.js";
import { signalProcess } from "../helpers/processes.js";
import type { Candidate } from "./candidates.js";
import type { FaultAct } from "./faults.js";
import { byLot, leaderOf, type Scene } from "./scene.js";
import type { Fault } from "./schedule.js";

/** A guard that died is there again after so long, at the latest; 30 to 60 ms when the machine is idle. */
const GUARD_BACK = 1_500;

/** Sends a wrapper a signal; one that stops it is followed by SIGCONT. */
export function toWrapper(signal: NodeJS.Signals): FaultAct {
  return (scene, fault) => send(scene, fault, signal, (candidate) => candidate.running?.pid);
}

export function toGuard(signal: NodeJS.Signals): FaultAct {
  return (scene, fault) => send(scene, fault, signal, (candidate) => candidate.guard);
}

export function toWorkload(signal: NodeJS.Signals): FaultAct {
  return (scene, fault) => send(scene, fault, signal, (candidate) => candidate.command);
}

/** `etcdctl lock` takes no notice of SIGTERM: who stops containers kills it then, and after less than a second here. */
const LOCK_KILLED_AFTER = 700;

/** A planned stop. */
export const endWrapper: FaultAct = async (scene, fault) => {
  const candidate = chosen(scene, fault);
  const running = candidate?.running;
  if (!running || !candidate.signal("SIGTERM")) return { skipped: "there is no such process now" };
  if (scene.mode === "lock") {
    await pause(LOCK_KILLED_AFTER);
    if (candidate.running?.who === running.who) candidate.signal("SIGKILL");
  }
  return { hit: [running.who] };
};

/** The second one dies as soon as it is there. */
export const killGuardTwice: FaultAct = async (scene, fault) => {
  const candidate = chosen(scene, fault);
  const [who, first] = [candidate?.running?.who, candidate?.guard];
  if (!candidate || who === undefined || first === undefined) return { skipped: "there is no guard" };
  signalProcess(first, "SIGKILL");
  const other = (): number | undefined => {
    const now = candidate.guard;
    return now === first ? undefined : now;
  };
  const second = await until("another guard", other, { timeoutMs: GUARD_BACK, everyMs: 10 }).catch(() => undefined);
  if (second !== undefined) signalProcess(second, "SIGKILL");
  return { hit: [who] };
};

async function send(
  scene: Scene,
  fault: Fault,
  signal: NodeJS.Signals,
  target: (candidate: Candidate) => number | undefined,
): ReturnType<FaultAct> {
  const candidate = chosen(scene, fault);
  const [who, pid] = [candidate?.running?.who, candidate && target(candidate)];
  if (who === undefined || pid === undefined) return { skipped: "there is no such process now" };
  if (!signalProcess(pid, signal)) return { skipped: "it has just ended" };
  if (signal !== "SIGSTOP") return { hit: [who] };
  return { hit: [who], undo: async () => void signalProcess(pid, "SIGCONT") };
}

/** Where nobody leads, whoever comes up by lot. */
function chosen(scene: Scene, { target, lot }: Fault): Candidate | undefined {
  const running = scene.candidates.filter((candidate) => candidate.running !== undefined);
  const leader = leaderOf(scene);
  if (target === "leader" && leader) return leader;
  return byLot(target === "standby" ? running.filter((candidate) => candidate !== leader) : running, lot);
}
