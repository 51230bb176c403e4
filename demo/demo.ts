import { setTimeout as pause } from "node:timers/promises";
import { writeLine } from "../lib/log.js";
import { requireEtcd, type EtcdBinaries } from "../test/helpers/etcd-binaries.js";
import { isAlive } from "../test/helpers/processes.js";
import { until } from "../test/helpers/until.js";
import type { Candidate } from "./candidate.js";
import { Footprint } from "./footprint.js";
import { claim, handOver, waitInLine, type HandOver } from "./hand-over.js";
import { Screen } from "./screen.js";
import { ELECTION, KILL_AFTER, Stage } from "./stage.js";
import { table } from "./table.js";

const WATCH = 1_800; // ms between two acts, in which one can see what has changed
const WHOLE_SHOW = 16_000; // ms on an idle machine
const SEARCH_IS_SLOW = 1_000; // ms

const screen = new Screen(process.env);
const { paint, glyphs } = screen.look;

// Registered before whatever ends the program on these signals.
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.once(signal, () => screen.lastWord(`${signal}: ending everything that was started`));
process.exit(await main());

async function main(): Promise<number> {
  try {
    await perform(new Footprint());
    return 0;
  } catch (error) {
    screen.still();
    writeLine(`demo: FAILED: ${error instanceof Error ? error.message : String(error)}`);
    if (error instanceof Error && error.cause instanceof Error) writeLine(error.cause.message);
    return 1;
  }
}

async function perform(footprint: Footprint): Promise<void> {
  screen.say("while-leader runs a command on one host at a time: on the one that leads.");
  screen.say("Here three candidates share one machine, and four faults make them take turns.");
  screen.say();
  const etcd = await findEtcd();
  const stage = await Stage.set(screen, etcd, footprint.folder);
  const alice = stage.candidate("alice", "cyan");
  const bob = stage.candidate("bob", "yellow");
  const carol = stage.candidate("carol", "magenta", "--ignore-term");
  introduce(stage, etcd);
  screen.animate(() => ["", ...stage.picture(WHOLE_SHOW)]);

  await gather(stage, alice, bob, carol);
  const handOvers = [
    await stopAsPlanned(stage, alice, bob),
    await crash(stage, bob, carol),
    await refuseToStop(stage, carol, alice),
    await killWrapper(stage, alice, bob),
  ];
  await leave(stage, carol, alice, bob);

  screen.still();
  screen.say();
  screen.print(stage.picture());
  screen.say();
  screen.print(table(handOvers, screen.look));
  screen.say(paint("took: from the signal to the first line of the next workload", "dim"), "     ");
  screen.say();
  await conclude(stage, footprint);
}

async function findEtcd(): Promise<EtcdBinaries> {
  const notice = setTimeout(
    () => screen.say("Looking for etcd, and fetching it if there is none: the first time this can take a minute."),
    SEARCH_IS_SLOW,
  );
  try {
    return await requireEtcd();
  } finally {
    clearTimeout(notice);
  }
}

function introduce(stage: Stage, { version }: EtcdBinaries): void {
  screen.say(`They agree through etcd ${version}, started at ${stage.endpoint} for this.`);
  screen.say("Each candidate is, in short, this command:");
  const options = `--election ${ELECTION} --identity NAME --kill-after ${KILL_AFTER}`;
  screen.say(`while-leader ${options} -- sh workload.sh`, "  ");
  screen.say("Its workload, a shell script, adds a line (a beat) to one file every 20 ms.");
  screen.say();
}

/** They come one after the other, so that they queue in this order. */
async function gather(stage: Stage, first: Candidate, ...others: readonly Candidate[]): Promise<void> {
  first.start();
  stage.tell(`${stage.name(first)} starts.`);
  const { at } = await first.runs();
  stage.tell(`${stage.name(first)} leads and runs the workload.`, { at });
  for (const candidate of others) {
    candidate.start();
    stage.tell(`${stage.name(candidate)} starts.`);
    await waitInLine(stage, candidate);
  }
  await pause(WATCH);
}

async function stopAsPlanned(stage: Stage, from: Candidate, to: Candidate): Promise<HandOver> {
  const done = await handOver(stage, {
    letter: "A",
    fault: `SIGTERM to ${from.name}`,
    told: `SIGTERM to ${stage.name(from)}: a planned stop, as in a deployment.`,
    strike: () => from.kill("SIGTERM"),
    status: 143,
    from,
    to,
  });
  stage.tell(`${stage.name(from)} is started again, as a container would be, and queues up.`);
  return rejoin(stage, done);
}

async function crash(stage: Stage, from: Candidate, to: Candidate): Promise<HandOver> {
  const { value: workload } = await from.runs();
  const done = await handOver(stage, {
    letter: "B",
    fault: `SIGKILL to ${from.name}'s workload`,
    told: `SIGKILL to ${stage.name(from)}'s workload: a crash.`,
    strike: () => process.kill(workload, "SIGKILL"),
    status: 137,
    from,
    to,
  });
  stage.tell(`${stage.name(from)} is started again.`);
  return rejoin(stage, done);
}

async function refuseToStop(stage: Stage, from: Candidate, to: Candidate): Promise<HandOver> {
  const { value: workload } = await from.runs();
  const done = await handOver(stage, {
    letter: "C",
    fault: `SIGTERM to ${from.name}, ignored ${KILL_AFTER} s`,
    told: `SIGTERM to ${stage.name(from)}, whose workload ignores it.`,
    strike: () => from.kill("SIGTERM"),
    async meanwhile(struckAt) {
      await pause((KILL_AFTER * 1_000) / 3);
      claim(isAlive(workload), `${from.name}'s workload should have ignored SIGTERM`);
      claim(stage.workloads.at(-1) === workload, `${to.name} should have gone on waiting`);
      stage.tell(`${stage.name(from)}'s workload still runs, so ${stage.name(to)} still waits.`);
      const { at } = await from.kills();
      claim(at - struckAt >= KILL_AFTER * 1_000, `${from.name}'s workload should have had ${KILL_AFTER} s to end`);
      stage.tell(`Its ${KILL_AFTER} s (--kill-after) are over: SIGKILL to all of the workload.`, { at });
    },
    status: 137,
    from,
    to,
  });
  stage.tell(`${stage.name(from)} is started again.`);
  return rejoin(stage, done);
}

async function killWrapper(stage: Stage, from: Candidate, to: Candidate): Promise<HandOver> {
  const { value: workload } = await from.runs();
  const done = await handOver(stage, {
    letter: "D",
    fault: `SIGKILL to ${from.name} itself`,
    told: `SIGKILL to ${stage.name(from)} itself, not to its workload: kill -9, or out of memory.`,
    strike: () => from.kill("SIGKILL"),
    // Nobody who could tell us is left.
    async ends() {
      await until(`the end of ${from.name}'s workload`, () => !isAlive(workload), { everyMs: 1 });
      return { at: performance.now(), value: undefined };
    },
    endTold: `${stage.name(from)}'s guard, a process beside it, has killed the workload`,
    status: "SIGKILL",
    from,
    to,
  });
  stage.tell(`${stage.name(from)} is started again.`);
  return rejoin(stage, done);
}

async function rejoin(stage: Stage, done: HandOver): Promise<HandOver> {
  done.from.start();
  await waitInLine(stage, done.from);
  await pause(WATCH);
  return done;
}

/** The leader goes last, so that nobody takes over. */
async function leave(stage: Stage, ...candidates: readonly Candidate[]): Promise<void> {
  screen.say();
  stage.tell("The end: SIGTERM to those who wait, then to the leader.");
  for (const candidate of candidates) {
    candidate.kill("SIGTERM");
    await candidate.exits();
  }
  stage.tell("All three are gone.");
}

async function conclude(stage: Stage, footprint: Footprint): Promise<void> {
  const tick = paint(glyphs.tick, "bold", "green");
  const { beats, terms, runs, overlaps } = stage.verdict();
  claim(overlaps.length === 0, `two at once: ${overlaps.length} of ${beats} beats overlap: ${overlaps[0]}`);
  claim(
    String(runs) === String(stage.workloads) && terms === runs.length,
    "the beats are not from the workloads that were started",
  );
  screen.say(`never two at once: ${beats} beats of ${terms} terms, 0 overlaps`, `${tick} `);

  await stage.stopEtcd();
  footprint.removeFolder();
  const remains = footprint.remains();
  claim(remains.length === 0, `something is left behind: ${remains.join(", ")}`);
  const ended = `${stage.whileLeaders} while-leaders, ${runs.length} workloads and 1 etcd ended`;
  screen.say(`nothing left: ${ended}, no file remains`, `${tick} `);
}
