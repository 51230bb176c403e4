import type { Member } from "../helpers/etcd-member.js";
import { Contender } from "./contender.js";
import type { FaultAct } from "./faults.js";
import { byLot, queueOf, revisionOf, type QueuedKey, type Scene } from "./scene.js";
import type { Fault } from "./schedule.js";

/** Whoever leads etcd is asked for so long, in milliseconds; in vain where there is no quorum. */
const LEADER_WITHIN = 1_500;

export const killMember: FaultAct = (scene, fault) =>
  trouble(
    scene,
    fault,
    (member) => member.kill(),
    // Together with other faults, or on a machine that is very busy, there may be no quorum for longer than one start waits.
    (member) => member.restart().catch(() => member.restart()),
  );

/** Resumed after etcd has elected another leader, an old one is a stale leader for a moment. */
export const stopMember: FaultAct = (scene, fault) =>
  trouble(
    scene,
    fault,
    (member) => member.freeze(),
    (member) => member.thaw(),
  );

/** Nothing comes from a member to the others or from them to it, though clients reach it. */
export const partMember: FaultAct = async (scene, fault) => {
  const member = await memberFor(scene, fault);
  const own = indexOf(scene, member);
  const others = [...scene.cluster.members.keys()].filter((other) => other !== own);
  return silence(
    scene,
    others.flatMap(
      (other) =>
        [
          [own, other],
          [other, own],
        ] as const,
    ),
  );
};

/** Nothing comes one way: from a member to the others, from them to it, or over one link. */
export const partOneWay: FaultAct = async (scene, fault) => {
  const member = await memberFor(scene, { ...fault, target: fault.target === "link" ? "any" : "leader" });
  const own = indexOf(scene, member);
  const others = [...scene.cluster.members.keys()].filter((other) => other !== own);
  if (fault.target === "to leader")
    return silence(
      scene,
      others.map((other) => [other, own]),
    );
  if (fault.target === "from leader")
    return silence(
      scene,
      others.map((other) => [own, other]),
    );
  return silence(scene, [[own, byLot(others, (fault.lot * 7) % 1) ?? 0]]);
};

/** All between a member and the others is late. */
export const delayPeers: FaultAct = async (scene, fault) => {
  const own = indexOf(scene, await memberFor(scene, fault));
  const others = [...scene.cluster.members.keys()].filter((other) => other !== own);
  const slowed = others.filter((other) => scene.peers.slow(own, other, fault.amount));
  if (slowed.length === 0) return { skipped: "another fault has it" };
  const undo = async (): Promise<void> => {
    for (const other of slowed) scene.peers.slow(own, other, 0);
  };
  return { hit: slowed.map((other) => `m${own}>m${other}`), undo };
};

export const moveLeader: FaultAct = async (scene, fault) => {
  const member = await memberFor(scene, fault);
  const { stdout } = await scene.cluster.etcdctl("member", "list");
  const id = stdout.split("\n").find((line) => line.split(", ")[2] === member.name);
  const moved = await scene.cluster.etcdctl("move-leader", id?.split(", ")[0] ?? "");
  return moved.code === 0 ? { hit: [member.name] } : { skipped: "etcd did not do it" };
};

export const compact: FaultAct = async (scene) => {
  const revision = await revisionOf(scene);
  if (revision === undefined) return { skipped: "etcd does not answer" };
  // Known before it can have happened.
  scene.keyLog.compacted(revision);
  const { code } = await scene.cluster.etcdctl("compact", String(revision));
  return code === 0 ? { hit: [`revision ${revision}`] } : { skipped: "etcd did not do it" };
};

export const defragment: FaultAct = async (scene, fault) => {
  const members = fault.target === "all" ? scene.cluster.members : [await memberFor(scene, fault)];
  const done = await Promise.all(
    members.map(({ clientUrl }) => scene.cluster.etcdctl("defrag", `--endpoints=${clientUrl}`)),
  );
  return done.some(({ code }) => code === 0)
    ? { hit: members.map(({ name }) => name) }
    : { skipped: "etcd did not do it" };
};

export const deleteKey: FaultAct = (scene, fault) =>
  withKey(scene, fault, ({ key }) => scene.cluster.etcdctl("del", key));

export const revokeLease: FaultAct = (scene, fault) =>
  withKey(scene, fault, ({ lease }) => scene.cluster.etcdctl("lease", "revoke", lease));

/** One more candidate, of another kind: it leads when its turn comes, until it is asked to end. */
export const contend: FaultAct = async (scene) => {
  const contender = new Contender(scene);
  return { hit: [contender.who], undo: () => contender.end() };
};

async function withKey(scene: Scene, fault: Fault, act: (key: QueuedKey) => Promise<unknown>): ReturnType<FaultAct> {
  // A contender does not look after its key: whoever deletes that makes two leaders of etcdctl's own.
  const queue = (await queueOf(scene))?.filter(({ value }) => !Contender.isOne(value));
  const key = queue?.[fault.target === "first" ? 0 : 1];
  if (!key) return { skipped: queue ? "there is no such key" : "etcd does not answer" };
  await act(key);
  return { hit: [key.key] };
}

async function trouble(
  scene: Scene,
  fault: Fault,
  begin: (member: Member) => Promise<void>,
  end: (member: Member) => Promise<void>,
): ReturnType<FaultAct> {
  const { busyMembers } = scene;
  const members = (await membersFor(scene, fault)).filter(({ name }) => !busyMembers.has(name));
  if (members.length === 0) return { skipped: "another fault has it" };
  const names = members.map(({ name }) => name);
  for (const name of names) busyMembers.add(name);
  await Promise.all(members.map(begin));
  const undo = async (): Promise<void> => {
    await Promise.all(members.map(end));
    for (const name of names) busyMembers.delete(name);
  };
  return { hit: names, undo };
}

function silence({ peers }: Scene, pairs: readonly (readonly [number, number])[]): Awaited<ReturnType<FaultAct>> {
  const own = pairs.filter(([from, to]) => !peers.isSilent(from, to));
  if (own.length === 0) return { skipped: "another fault has it" };
  for (const [from, to] of own) peers.silence(from, to, true);
  const undo = async (): Promise<void> => {
    for (const [from, to] of own) peers.silence(from, to, false);
  };
  return { hit: own.map(([from, to]) => `m${from}>m${to}`), undo };
}

async function membersFor(scene: Scene, fault: Fault): Promise<readonly Member[]> {
  const { members } = scene.cluster;
  if (fault.target === "all") return members;
  const one = await memberFor(scene, fault);
  if (fault.target !== "majority") return [one];
  const other = members.find((member) => member !== one);
  return other ? [one, other] : [one];
}

/** Where nobody leads, whoever comes up by lot. */
async function memberFor(scene: Scene, { target, lot }: Fault): Promise<Member> {
  const { cluster } = scene;
  const leader = target === "any" ? undefined : await cluster.leader(LEADER_WITHIN).catch(() => undefined);
  if (leader && target !== "follower") return leader;
  return byLot(
    cluster.members.filter((member) => member !== leader),
    lot,
  ) as Member;
}

function indexOf({ cluster }: Scene, member: Member): number {
  return cluster.members.indexOf(member);
}
