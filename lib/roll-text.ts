import { formatDuration } from "./duration.js";
import type { Candidate, Leader, Roll } from "./roll.js";
import { quoted } from "./visible.js";

/** How the parts of a line are set off from each other. */
export interface Paint {
  leader(text: string): string;
  nobody(text: string): string;
  dim(text: string): string;
}

const escape =
  (code: string) =>
  (text: string): string =>
    `\x1b[${code}m${text}\x1b[0m`;
const asItIs = (text: string): string => text;

export const UNPAINTED: Paint = { leader: asItIs, nobody: asItIs, dim: asItIs };
export const COLOURS: Paint = { leader: escape("1;32"), nobody: escape("1;33"), dim: escape("2") };

const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
/** Beyond these a line says how many more there are. */
const MOST_NAMED = 8;
/** Host names mostly fit, so that columns seldom move. */
const NARROWEST = 12;

/** A roll for a person who asked once: a line for each fact, the last one with an end. */
export function rollText({ election, leader, queue, blocked }: Roll, paint: Paint): string {
  const facts = [
    ["election", quoted(election)],
    ...(leader ? leaderFacts(leader, paint) : [["leader", paint.nobody("nobody")]]),
    ...(blocked === undefined ? [] : [["blocked", `by ${quoted(blocked)}, a key of another election`]]),
    ...queueFacts(queue),
  ];
  return facts.map(([name = "", value]) => `${paint.dim(name.padEnd(10))}${value}\n`).join("");
}

function leaderFacts({ identity, key, revision, lease, left, ttl }: Leader, paint: Paint): string[][] {
  const time =
    left === undefined || ttl === undefined ? "" : `, ${formatDuration(left)} of ${formatDuration(ttl)} left`;
  return [
    ["leader", paint.leader(quoted(identity))],
    ["key", quoted(key)],
    ["token", revision],
    ["lease", lease === undefined ? "none: leads until its key is deleted" : `${lease}${time}`],
  ];
}

function queueFacts(queue: readonly Candidate[]): string[][] {
  if (queue.length === 0) return [["queue", "empty"]];
  const width = Math.max(...queue.map(({ identity }) => quoted(identity).length));
  return queue.map(({ identity, key, revision }, index) => [
    index === 0 ? "queue" : "",
    `${quoted(identity).padEnd(width)}  token ${revision}  ${quoted(key)}`,
  ]);
}

/** A roll on one line of a file or a pipe, in the form of the log. */
export function rollLine({ leader, queue, blocked }: Roll, time: Date): string {
  const facts = {
    ...(leader && { leader: leader.identity, revision: leader.revision, key: leader.key }),
    ...(queue.length > 0 && { queue: queue.map(({ identity }) => identity).join(",") }),
    ...(blocked !== undefined && { blocked }),
  };
  const said = Object.entries(facts).map(([name, value]) => `${name}=${quoted(value)}`);
  return `${[time.toISOString(), ...(leader ? [] : ["nobody"]), ...said].join(" ")}\n`;
}

/** Writes one roll after the other for whoever looks on: in columns below a heading, a new leader in colour. */
export function rollTable(paint: Paint): (roll: Roll, time: Date) => string {
  let width = NARROWEST;
  let former: string | undefined;
  return ({ leader, queue, blocked }, time) => {
    const names = queue.map(({ identity }) => quoted(identity));
    const name = leader ? quoted(leader.identity) : "nobody";
    width = Math.max(width, name.length, ...names.map(({ length }) => length));
    const row = (...cells: [string, string, string]): string =>
      `${cells[0].padEnd(width)}  ${cells[1].padEnd(8)}  ${cells[2]}`.trimEnd();
    const head =
      former === undefined ? `${paint.dim(`${"TIME".padEnd(15)}  ${row("LEADER", "TOKEN", "QUEUE")}`)}\n` : "";
    const fresh = former !== (leader?.key ?? "");
    former = leader?.key ?? "";
    const [shown, rest] = [name, row("", leader?.revision ?? "", waiting(names, blocked)).slice(name.length)];
    const set = leader === undefined ? paint.nobody(shown) : fresh ? paint.leader(shown) : shown;
    return `${head}${paint.dim(clockTime(time))}  ${set}${rest}\n`;
  };
}

function waiting(names: readonly string[], blocked: string | undefined): string {
  const more = names.length > MOST_NAMED ? [`and ${names.length - MOST_NAMED} more`] : [];
  const stuck = blocked === undefined ? [] : [`blocked by ${quoted(blocked)}`];
  return [...names.slice(0, MOST_NAMED), ...more, ...stuck].join(", ");
}

/** In the reader's own time zone. */
function clockTime(time: Date): string {
  const clock = [time.getHours(), time.getMinutes(), time.getSeconds()].map((part) => `${part}`.padStart(2, "0"));
  return `${MONTHS[time.getMonth()]} ${`${time.getDate()}`.padStart(2)} ${clock.join(":")}`;
}
