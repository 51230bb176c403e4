import { plain, table } from "./pages.js";

/** One event as the manual's table has it. */
export interface Documented {
  levels: readonly string[];
  fields: readonly string[];
}

/** A line of the log, of either format, taken apart. */
export interface Line {
  event: string;
  /** Only JSON has it. */
  level?: string;
  fields: readonly string[];
}

const FIELD = String.raw`[a-z-]+=(?:"(?:[^"\\]|\\.)*"|[^\s"=]\S*)`;

/** The manual's table of log events, by their names. */
export function documentedEvents(): Map<string, Documented> {
  return new Map(
    table("Log").map(([event = "", level = "", fields = ""]) => [
      plain(event),
      {
        levels: level.match(/\b(error|warn|info|debug|trace)\b/g) ?? [],
        fields: fields.match(/[a-z-]+/g)?.filter((word) => word !== "or") ?? [],
      },
    ]),
  );
}

/** A line of a text log; undefined for an error, which is a sentence, and for what is none of ours. */
export function textLine(line: string): Line | undefined {
  const [, event, rest = ""] = new RegExp(`^while-leader: ([a-z-]+)((?: ${FIELD})*)$`).exec(line) ?? [];
  if (event === undefined) return undefined;
  return {
    event,
    fields: [...rest.matchAll(new RegExp(` (?:${FIELD})`, "g"))].map(([field]) => field.trim().split("=")[0] ?? ""),
  };
}

/** A line of a JSON log; undefined for what is none of ours. */
export function jsonLine(line: string): Line | undefined {
  if (!line.startsWith("{")) return undefined;
  const { event, level, time, ...fields } = JSON.parse(line) as Record<string, unknown>;
  if (typeof time !== "string") return undefined;
  return { event: String(event), level: String(level), fields: Object.keys(fields) };
}

/** What in these lines the manual does not tell of: one sentence each. */
export function undocumented(lines: readonly Line[]): string[] {
  const documented = documentedEvents();
  const problems = lines.flatMap(({ event, level, fields }) => {
    const row = documented.get(event);
    if (row === undefined) return [`there is no ${event}`];
    return [
      ...(level === undefined || row.levels.includes(level) ? [] : [`${event} is never ${level}`]),
      ...fields.filter((field) => !row.fields.includes(field)).map((field) => `${event} has no ${field}`),
    ];
  });
  return [...new Set(problems)];
}
