import { until } from "../helpers/until.js";
import { processRow } from "../helpers/processes.js";
import type { Wrapper } from "../helpers/wrapper.js";
import { newest, tokenOf, type Stage } from "../integration/stage.js";

/** What a command did after it was thawed, its term over. */
export interface Late {
  readonly steps: number;
  /** Until its last step, in milliseconds. */
  readonly lasted: number;
}

/** Stands still and goes on again: everything of a leader, or a part. */
export interface Standstill {
  begin(): Promise<unknown>;
  end(): unknown;
}

/** Has a leader stand still until a standby has taken over, and sees what its command does before it is killed. */
export async function lateSteps(stage: Stage, leader: Wrapper, standby: Wrapper, still: Standstill): Promise<Late> {
  const elected = newest(leader, "elected");
  const token = elected ? tokenOf(elected) : 0n;
  await still.begin();
  await stage.beating(standby, { after: newest(standby, "standby") });
  const before = stage.beats().length;
  const at = Number(process.hrtime.bigint()) / 1e6;
  await still.end();
  await leader.event("exited", { after: elected });
  const late = stage
    .beats()
    .slice(before)
    .filter((beat) => beat.token === token);
  return { steps: late.length, lasted: Math.max((late.at(-1)?.at ?? at) - at, 0) };
}

/** Processes that are stopped one after the other, and go on in the order given. */
export function stopping(pids: readonly number[], goOn: readonly number[] = pids): Standstill {
  return {
    async begin() {
      for (const pid of pids) process.kill(pid, "SIGSTOP");
      await until("all to be stopped", () => pids.every((pid) => processRow(pid)?.state === "T"), { everyMs: 1 });
    },
    end() {
      for (const pid of goOn) if (processRow(pid) !== undefined) process.kill(pid, "SIGCONT");
    },
  };
}

/** The three processes of a leader that was not started under anything. */
export async function processesOf(leader: Wrapper): Promise<Record<"wrapper" | "guard" | "command", number>> {
  const [guard, command] = [newest(leader, "guarded") ?? (await leader.event("guarded")), newest(leader, "started")];
  return { wrapper: leader.pid, guard: Number(guard.pid), command: Number(command?.pid) };
}

/** Of many, for the log. */
export function said(all: readonly Late[]): string {
  const column = (values: readonly number[]): string => {
    const sorted = values.toSorted((a, b) => a - b);
    return [sorted[0], sorted[Math.floor(sorted.length / 2)], sorted.at(-1)]
      .map((value) => (value ?? 0).toFixed(1))
      .join(" / ");
  };
  const never = all.filter(({ steps }) => steps === 0).length;
  return (
    `${all.length} thaws, ${never} without a step; steps least / middle / most ${column(all.map(({ steps }) => steps))}; ` +
    `until the last one ${column(all.map(({ lasted }) => lasted))} ms`
  );
}
