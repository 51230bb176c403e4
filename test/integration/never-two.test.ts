import t from "tap";
import { startEtcd } from "../helpers/etcd-server.js";
import { startProxy, type TcpProxy } from "../helpers/tcp-proxy.js";
import { until } from "../helpers/until.js";
import type { Wrapper } from "../helpers/wrapper.js";
import { Stage, WIDE_MARGIN } from "./stage.js";

// Every fault is waited for to take its course: so short a lease that this is soon.
const TTL = 3;

interface Runner {
  candidate: Wrapper;
  readonly link: TcpProxy;
}

t.jobs = 2;
const etcd = await startEtcd({ t });

type Leader = Runner & { readonly identity: string };

const FAULTS: Record<string, (leader: Leader, stage: Stage) => unknown> = {
  "asked to stop": ({ candidate }) => candidate.kill("SIGTERM"),
  "its command is killed": (_, stage) => process.kill(stage.beats().at(-1)?.pid ?? 0, "SIGKILL"),
  "its key is deleted": async ({ identity }, stage) => etcd.etcdctl("del", (await stage.keyOf(identity)).key),
  "its lease is revoked": async ({ identity }, stage) =>
    etcd.etcdctl("lease", "revoke", (await stage.keyOf(identity)).lease),
  "cut off without a word": ({ link }) => link.swallow(),
  "heard but not answered": ({ link }) => link.swallow("down"),
  "on a network that keeps everything until later": ({ link }) => link.hold(),
  "on a network that resets every connection": ({ link }) => link.cut(),
  "on a network that became slow": ({ link }) => link.delay(400),
  "etcd freezes": async ({ candidate }) => {
    await etcd.member.freeze();
    await candidate.event("exited", { after: candidate.events.at(-1) });
    await etcd.member.thaw();
  },
  "etcd is killed": async ({ candidate }) => {
    await etcd.member.kill();
    await candidate.event("exited", { after: candidate.events.at(-1) });
    await etcd.member.restart();
  },
};

void t.test("whatever befalls its leaders, an election never has two workloads at once", async (t) => {
  const stage = new Stage(t, etcd, { ttl: TTL });
  const runners = new Map<string, Runner>();
  for (const identity of ["a", "b", "c"]) {
    const link = await startProxy(etcd.member.clientPort, { t });
    runners.set(identity, { link, candidate: start(stage, identity, link) });
  }
  for (const [what, fault] of shuffled(Object.entries(FAULTS))) {
    const leader = await leaderOf(stage, runners);
    t.comment(`${leader.identity}: ${what}`);
    const { token } = await stage.nextBeat();
    await fault(leader, stage);
    await until(`a leader after: ${what}`, () => (stage.beats().at(-1)?.token ?? 0n) > token, { timeoutMs: 30_000 });
    leader.link.heal();
    if (leader.candidate.hasExited)
      runners.set(leader.identity, { ...leader, candidate: start(stage, leader.identity, leader.link) });
  }
  t.same(stage.violations(), []);
});

// The checker must be able to find what the test above does not: here the election is broken on purpose.
void t.test("two workloads at once are found out", async (t) => {
  const elsewhere = await startEtcd({ t });
  const stage = new Stage(t, elsewhere);
  const other = new Stage(t, elsewhere);
  await stage.leader("a");
  t.same(stage.violations(), []);
  // The same file to write to, but another election.
  other.candidate("b", { command: stage.workload() });
  await until("both to beat", () => new Set(stage.beats().map(({ pid }) => pid)).size === 2);
  await until("a violation", () => stage.violations().length > 0);
});

function start(stage: Stage, identity: string, link: TcpProxy): Wrapper {
  const options = {
    command: stage.workload("--ignore-term"),
    endpoints: link.url,
    args: ["--kill-after", "500ms", ...WIDE_MARGIN],
  };
  return stage.candidate(identity, options);
}

/** Who leads now: the first in the queue, once its workload beats. */
async function leaderOf(stage: Stage, runners: ReadonlyMap<string, Runner>): Promise<Leader> {
  return until("a leader that beats", async () => {
    const [first] = await stage.keys();
    const runner = runners.get(first?.value ?? "");
    if (!first || !runner || stage.beats().at(-1)?.token !== first.createRevision) return undefined;
    return { ...runner, identity: first.value };
  });
}

function shuffled<T>(items: T[]): T[] {
  for (let last = items.length - 1; last > 0; last--) {
    const other = Math.floor(Math.random() * (last + 1));
    [items[last], items[other]] = [items[other] as T, items[last] as T];
  }
  return items;
}
