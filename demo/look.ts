export type Style = "bold" | "dim" | "red" | "green" | "yellow" | "magenta" | "cyan" | "inverse";

/** For a letter that stands for a fault, in the text as on the time line. */
export const FAULT: readonly Style[] = ["bold", "inverse", "red"];

/** Dresses a text up; its width on the screen stays the same. */
export type Paint = (text: string, ...styles: readonly Style[]) => string;

/** The signs that pictures are made of, each one column wide but for the arrow and the tick. */
export interface Glyphs {
  readonly runs: string;
  readonly stops: string;
  readonly waits: string;
  readonly starts: string;
  readonly second: string;
  readonly arrow: string;
  readonly tick: string;
}

/** How things look where they are shown. */
export interface Look {
  readonly paint: Paint;
  readonly glyphs: Glyphs;
}

const BLOCKS: Glyphs = { runs: "█", stops: "▒", waits: "─", starts: "·", second: "╷", arrow: "→", tick: "✓" };
const LETTERS: Glyphs = { runs: "#", stops: "%", waits: "-", starts: ".", second: "|", arrow: "->", tick: "ok" };

/** Colours only on a terminal that has them and unless NO_COLOR; plain letters where the locale has no others. */
export function lookFor(env: Readonly<Record<string, string | undefined>>, isTerminal: boolean): Look {
  const locale = env["LC_ALL"] || env["LC_CTYPE"] || env["LANG"] || "UTF-8";
  return {
    paint: isTerminal && !isDumb(env) && !env["NO_COLOR"] ? coloured : plain,
    glyphs: isDumb(env) || !/utf-?8/i.test(locale) ? LETTERS : BLOCKS,
  };
}

/** A terminal that can do nothing but print. */
export function isDumb(env: Readonly<Record<string, string | undefined>>): boolean {
  return env["TERM"] === "dumb";
}

// SGR parameters of ECMA-48.
const CODES: Readonly<Record<Style, number>> = {
  bold: 1,
  dim: 2,
  inverse: 7,
  red: 31,
  green: 32,
  yellow: 33,
  magenta: 35,
  cyan: 36,
};

const coloured: Paint = (text, ...styles) =>
  styles.length === 0 ? text : `\u001B[${styles.map((style) => CODES[style]).join(";")}m${text}\u001B[0m`;

const plain: Paint = (text) => text;

/** How many columns a painted text takes. */
export function widthOf(text: string): number {
  // oxlint-disable-next-line no-control-regex -- an escape is what it looks for
  return text.replace(/\u001B\[[\d;]*m/g, "").length;
}

/** Breaks a text between words so that every line after `indent` columns fits into `width`. */
export function wrapped(text: string, width: number, indent = 0): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const longer = lines.length === 0 ? word : `${lines.at(-1)} ${word}`;
    if (lines.length > 0 && indent + widthOf(longer) <= width) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}
