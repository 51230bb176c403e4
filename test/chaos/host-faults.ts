import { spawn } from "node:child_process";
import { closeSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { TcpProxy } from "../helpers/tcp-proxy.js";
import { atExit } from "../helpers/at-exit.js";
import type { FaultAct } from "./faults.js";
import type { ClientLink } from "./network.js";
import { atUsualPriority } from "./priority.js";
import { byLot, leaderOf, type Scene } from "./scene.js";
import type { Fault } from "./schedule.js";

/** Has the links of a fault fail in one way until it is over. */
export function onLinks(begin: (proxy: TcpProxy, fault: Fault) => unknown): FaultAct {
  return async (scene, fault) => {
    const links = scene.links.take(linksFor(scene, fault));
    if (links.length === 0) return { skipped: "other faults have all of these links" };
    for (const { proxy } of links) begin(proxy, fault);
    return { hit: links.map(({ name }) => name), undo: async () => scene.links.release(links) };
  };
}

/** Connections are reset, can be made again for a moment, and are reset again. */
export const flapLinks: FaultAct = async (scene, fault) => {
  const links = scene.links.take(linksFor(scene, fault));
  if (links.length === 0) return { skipped: "other faults have all of these links" };
  const over = new AbortController();
  let isCut = false;
  const flapping = (async (): Promise<void> => {
    for (; !over.signal.aborted; await pause(fault.amount)) {
      isCut = !isCut;
      for (const { proxy } of links)
        if (isCut) proxy.cut();
        else proxy.heal();
    }
  })();
  const undo = async (): Promise<void> => {
    over.abort();
    await flapping;
    scene.links.release(links);
  };
  return { hit: links.map(({ name }) => name), undo };
};

function linksFor(scene: Scene, { target, lot }: Fault): ClientLink[] {
  const [whose, which] = target.split(" ");
  const leader = leaderOf(scene)?.name;
  const standby = byLot(
    scene.candidates.filter(({ name }) => name !== leader),
    lot,
  )?.name;
  const member = byLot(scene.cluster.members, (lot * 7) % 1)?.name;
  const candidate = whose === "leader" ? (leader ?? standby) : standby;
  return scene.links.all.filter(
    (link) => (whose === "everybody" || link.candidate === candidate) && (which === "all" || link.member === member),
  );
}

/**
 * Processes that do nothing but want the CPU, each of which ends by itself. Each in a session of its own: to those of one session
 * Linux may give one share between them.
 */
export const starveCpus: FaultAct = async (_scene, { amount, lasts }) => {
  const end = `my $end = time + ${Math.ceil(lasts / 1_000) + 1}; 1 while time < $end`;
  const [file = "", ...args] = atUsualPriority(["perl", "-e", end]);
  const busy = Array.from({ length: amount }, () => spawn(file, args, { stdio: "ignore", detached: true }));
  const ended = busy.map((one) => new Promise((resolve) => one.once("exit", resolve)));
  const kill = (): void => busy.forEach((one) => one.kill("SIGKILL"));
  const forget = atExit(kill);
  const undo = async (): Promise<void> => {
    kill();
    forget();
    await Promise.all(ended);
  };
  return { hit: [`${amount} busy processes`], undo };
};

/** Small pieces at the end, so that not much is left. */
const PIECES = [65_536, 1_024, 1];

/** No byte more fits onto the disk that holds a candidate's log. */
export const fillDisk: FaultAct = async ({ smallDisk }, { at }) => {
  if (!smallDisk) return { skipped: "no disk can be filled here" };
  const file = join(smallDisk.folder, `filler-${at}`);
  const filler = openSync(file, "w");
  for (const size of PIECES) while (fits(filler, size));
  closeSync(filler);
  return { hit: [smallDisk.candidate], undo: async () => rmSync(file) };
};

function fits(file: number, size: number): boolean {
  try {
    return writeSync(file, Buffer.alloc(size)) === size;
  } catch {
    return false; // the disk is full
  }
}
