import { openElection, type Election, type ElectionSettings, type Failure, type Fields } from "../../lib/index.js";
import type { Owner } from "../helpers/at-exit.js";
import { until } from "../helpers/until.js";

/** One line of the log. */
export interface Line extends Fields {
  readonly level: string;
  readonly event: string;
}

/** A candidacy in this process, and all that was logged about it. */
export interface Standing {
  readonly lines: readonly Line[];
  readonly election: Election;
  readonly campaign: ReturnType<Election["campaign"]>;
  /** Why it was given up; rejects if it was won. */
  failure(): Promise<Failure>;
  /** The first line of such an event after so many others of it. */
  line(event: string, after?: number): Promise<Line>;
}

/** Stands for the election `jobs`, until the test ends. */
export function stand(t: Owner, settings: Partial<ElectionSettings>): Standing {
  const lines: Line[] = [];
  const election = openElection({ name: "jobs", ...settings }, (level, event, fields) =>
    lines.push({ level, event, ...fields }),
  );
  const campaign = election.campaign();
  t.teardown(async () => {
    await campaign.withdraw(1_000);
    election.close();
  });
  return {
    lines,
    election,
    campaign,
    failure: () =>
      campaign.elected.then(
        ({ key }) => Promise.reject(new Error(`elected with ${key}`)),
        (error: unknown) => error as Failure,
      ),
    line: (event, after = 0) => until(event, () => lines.filter((line) => line.event === event)[after]),
  };
}
