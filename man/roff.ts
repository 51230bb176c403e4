/** Characters that roff reads as something else, or shows as something else: `-` as a hyphen, `'` as a quotation mark. */
const ESCAPES: Readonly<Record<string, string>> = {
  "\\": "\\e",
  "-": "\\-",
  "'": "\\(aq",
  '"': "\\(dq",
  "`": "\\(ga",
  "^": "\\(ha",
  "~": "\\(ti",
};

/** Text as it is to be read. No line of it is a request, also if it begins with a dot. */
export function roff(text: string): string {
  return noRequest(escaped(text));
}

/** Text with `code`, which is shown bold, as Markdown has it. */
export function withCode(text: string): string {
  const parts = text.split("`").map((part, index) => (index % 2 === 0 ? escaped(part) : bold(part)));
  return noRequest(parts.join(""));
}

export function bold(text: string): string {
  return `\\fB${escaped(text)}\\fR`;
}

export function italic(text: string): string {
  return `\\fI${escaped(text)}\\fR`;
}

/** A section, or a smaller one with `SS`. */
export function heading(name: string, macro: "SH" | "SS" = "SH"): string {
  return `.${macro} ${roff(name)}`;
}

/** A paragraph with a tag at its left, both of them source already. */
export function tagged(tag: string, text: string): string {
  return `.TP\n${tag}\n${text}`;
}

export function paragraph(source: string): string {
  return `.PP\n${source}`;
}

/** Lines that are shown as they are, further in. */
export function example(...lines: readonly string[]): string {
  return [".PP", ".in +4n", ".EX", ...lines.map(roff), ".EE", ".in"].join("\n");
}

/** A dot means something at the beginning of a line only. */
function noRequest(source: string): string {
  return source.replace(/^(?=\.)/gm, "\\&");
}

function escaped(text: string): string {
  return text
    .replace(/[\\'"`^~-]/g, (character) => ESCAPES[character] ?? "")
    .replace(/[^\n\x20-\x7e]/gu, (character) => `\\[u${codePoint(character)}]`);
}

function codePoint(character: string): string {
  return (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
}
