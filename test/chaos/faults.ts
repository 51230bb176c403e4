import { setTimeout as pause } from "node:timers/promises";
import { monotonic } from "./clock.js";
import * as etcd from "./etcd-faults.js";
import { fillDisk, flapLinks, onLinks, starveCpus } from "./host-faults.js";
import type { Happened, Moment } from "./history.js";
import type { FaultKind } from "./menu.js";
import { endWrapper, killGuardTwice, toGuard, toWorkload, toWrapper } from "./process-faults.js";
import type { Scene } from "./scene.js";
import type { Fault } from "./schedule.js";

/** What a fault did: whom it hit, and what makes it undone; or why it did nothing. */
type Effect = { readonly hit: readonly string[]; readonly undo?: () => Promise<void> } | { readonly skipped: string };

export type FaultAct = (scene: Scene, fault: Fault) => Promise<Effect>;

/** How each fault is done. Whatever lasts says with it how it is undone. */
const FAULTS: Readonly<Record<FaultKind, FaultAct>> = {
  "kill-wrapper": toWrapper("SIGKILL"),
  "stop-wrapper": toWrapper("SIGSTOP"),
  "end-wrapper": endWrapper,
  "kill-guard": toGuard("SIGKILL"),
  "kill-guard-twice": killGuardTwice,
  "stop-guard": toGuard("SIGSTOP"),
  "kill-workload": toWorkload("SIGKILL"),
  "stop-workload": toWorkload("SIGSTOP"),

  "kill-member": etcd.killMember,
  "stop-member": etcd.stopMember,
  "part-member": etcd.partMember,
  "part-one-way": etcd.partOneWay,
  "delay-peers": etcd.delayPeers,
  "move-leader": etcd.moveLeader,
  compact: etcd.compact,
  defragment: etcd.defragment,

  "cut-link": onLinks((proxy) => proxy.cut()),
  "hold-link": onLinks((proxy) => proxy.hold()),
  "swallow-link": onLinks((proxy) => proxy.swallow()),
  "swallow-up": onLinks((proxy) => proxy.swallow("up")),
  "swallow-down": onLinks((proxy) => proxy.swallow("down")),
  "delay-link": onLinks((proxy, { amount }) => proxy.delay(amount)),
  "flap-link": flapLinks,

  "delete-key": etcd.deleteKey,
  "revoke-lease": etcd.revokeLease,
  contend: etcd.contend,

  "starve-cpus": starveCpus,
  "fill-disk": fillDisk,
};

/** Does everything of a schedule in its time and undoes it; resolves when all is as before. A fault that fails rejects. */
export async function perform(scene: Scene, faults: readonly Fault[], began: Moment): Promise<Happened[]> {
  return Promise.all(faults.map((fault) => performOne(scene, fault, began)));
}

async function performOne(scene: Scene, fault: Fault, began: Moment): Promise<Happened> {
  await pause(Math.max(began + fault.at - monotonic(), 0));
  const from = monotonic();
  const effect = await FAULTS[fault.kind](scene, fault);
  if ("skipped" in effect) return { ...fault, began: from, ended: monotonic(), hit: [], skipped: effect.skipped };
  if (effect.undo) {
    await pause(fault.lasts);
    await effect.undo();
  }
  return { ...fault, began: from, ended: monotonic(), hit: effect.hit };
}
