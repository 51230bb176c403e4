/** Rows of words under headings; a column whose heading ends with a colon, as in Markdown, is one of numbers. */
export interface Table {
  readonly headings: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** For a terminal: columns side by side. */
export function plain(table: Table): string {
  const { widths, rightward, lines } = layout(table);
  return lines.map((line) => justified(line, widths, rightward).join("  ").trimEnd()).join("\n");
}

/** For a page, as Prettier would have it. */
export function markdown(table: Table): string {
  const { widths, rightward, lines } = layout(table);
  const rule = widths.map((width, column) => (rightward[column] ? `${"-".repeat(width - 1)}:` : "-".repeat(width)));
  const [head = [], ...rows] = lines.map((line) => justified(line, widths, rightward));
  return [head, rule, ...rows].map((line) => `| ${line.join(" | ")} |`).join("\n");
}

// What a rule of Markdown takes at least.
const NARROWEST = 3;

function layout({ headings, rows }: Table) {
  const rightward = headings.map((heading) => heading.endsWith(":"));
  const lines = [headings.map((heading) => heading.replace(/:$/, "")), ...rows];
  const widths = headings.map((_, column) => Math.max(NARROWEST, ...lines.map((line) => line[column]?.length ?? 0)));
  return { widths, rightward, lines };
}

function justified(line: readonly string[], widths: readonly number[], rightward: readonly boolean[]): string[] {
  return widths.map((width, column) => {
    const cell = line[column] ?? "";
    return rightward[column] ? cell.padStart(width) : cell.padEnd(width);
  });
}
