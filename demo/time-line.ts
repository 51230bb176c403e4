import type { Look, Style } from "./look.js";
import { FAULT, wrapped } from "./look.js";

export type Doing = "starts" | "waits" | "runs" | "stops";

/** What somebody did from one moment to another, in milliseconds. */
export interface Stretch {
  readonly doing: Doing;
  readonly from: number;
  readonly to: number;
}

export interface Row {
  readonly name: string;
  readonly style: Style;
  readonly stretches: readonly Stretch[];
}

/** A letter on the row of that name. */
export interface Mark {
  readonly name: string;
  readonly letter: string;
  readonly at: number;
}

export interface Frame extends Look {
  /** Columns in all. */
  readonly width: number;
  /** The moments of the left and the right edge. */
  readonly from: number;
  readonly to: number;
}

const MARGIN = 2;
const LEGEND_GAP = "   ";
const STEPS = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600]; // seconds
const LABEL_ROOM = 9;

/**
 * Draws who did what and when: an axis in seconds, one line for each row, and a legend.
 *
 * A column shows what was at the middle of its time, so two rows run in one column only if they did so at once.
 */
export function timeLine(rows: readonly Row[], marks: readonly Mark[], frame: Frame): string[] {
  const names = Math.max(...rows.map(({ name }) => name.length));
  const left = MARGIN + names + 1;
  const scale = scaleOf(frame, frame.width - left);
  const indent = " ".repeat(left);
  return [
    indent + axis(scale, frame),
    ...rows.map((row) => {
      const label = frame.paint(row.name.padEnd(names), "bold", row.style);
      const own = marks.filter(({ name }) => name === row.name);
      return `${" ".repeat(MARGIN)}${label} ${line(row, own, scale, frame)}`;
    }),
    "",
    ...legend(frame, frame.width - left).map((text) => indent + text),
  ];
}

interface Scale {
  readonly from: number;
  readonly columns: number;
  /** Milliseconds that a column stands for. */
  readonly each: number;
}

function scaleOf({ from, to }: Frame, columns: number): Scale {
  return { from, columns, each: Math.max(1, to - from) / columns };
}

function axis({ columns, each }: Scale, { paint, glyphs }: Look): string {
  const step = STEPS.find((seconds) => (seconds * 1_000) / each >= LABEL_ROOM) ?? STEPS.at(-1) ?? 1;
  let text = "";
  for (let second = 0; ; second += step) {
    const column = Math.floor((second * 1_000) / each);
    const label = `${glyphs.second}${second} s`;
    if (column + label.length > columns) return paint(text, "dim");
    text = text.padEnd(column) + label;
  }
}

/** Columns of one kind. */
interface Span {
  text: string;
  readonly kind: Doing | "fault" | "nothing";
}

function line(row: Row, marks: readonly Mark[], scale: Scale, { paint, glyphs }: Look): string {
  const letters = placed(marks, scale);
  const spans: Span[] = [];
  for (let column = 0; column < scale.columns; column++) {
    const middle = scale.from + (column + 0.5) * scale.each;
    const doing = row.stretches.find(({ from, to }) => from <= middle && middle < to)?.doing;
    const letter = letters.get(column);
    const sign = letter ?? (doing === undefined ? " " : glyphs[doing]);
    const kind = letter === undefined ? (doing ?? "nothing") : "fault";
    const before = spans.at(-1);
    if (before?.kind === kind) before.text += sign;
    else spans.push({ text: sign, kind });
  }
  return spans
    .map(({ text, kind }) => paint(text, ...stylesOf(kind, row.style)))
    .join("")
    .trimEnd();
}

function stylesOf(kind: Span["kind"], own: Style): readonly Style[] {
  if (kind === "fault") return FAULT;
  if (kind === "nothing") return [];
  return kind === "runs" || kind === "stops" ? [own] : ["dim"];
}

/** The column of each letter: its own, or the nearest one that keeps all of them apart, in order and inside. */
function placed(marks: readonly Mark[], { from, columns, each }: Scale): Map<number, string> {
  const letters = new Map<number, string>();
  let first = 0;
  for (const [index, { at, letter }] of marks.toSorted((a, b) => a.at - b.at).entries()) {
    const last = columns - marks.length + index;
    const column = Math.min(Math.max(Math.floor((at - from) / each), first), last);
    letters.set(column, letter);
    first = column + 1;
  }
  return letters;
}

function legend({ glyphs, paint }: Look, width: number): string[] {
  const entries = [
    `${glyphs.runs} runs the workload`,
    `${glyphs.stops} told to stop, still runs`,
    `${glyphs.waits} waits`,
    `${glyphs.starts} starts`,
  ];
  // Breaks are for between the entries.
  const solid = entries.map((entry) => entry.replaceAll(" ", "\u00A0")).join(LEGEND_GAP);
  return wrapped(solid, width).map((text) => paint(text.replaceAll("\u00A0", " ").trim(), "dim"));
}
