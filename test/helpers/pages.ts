import { readdirSync, readFileSync } from "node:fs";
import { projectPath } from "./paths.js";

/** What users read: the README, and a page a subject. */
export const MANUAL: readonly string[] = ["README.md", ...pagesIn("docs")];

/** Every page of the project that a person reads. */
export const PAGES: readonly string[] = [
  ...MANUAL,
  "CONTRIBUTING.md",
  "SECURITY.md",
  "CHANGELOG.md",
  ...["examples", "bench", "test"].flatMap(pagesIn),
];

/** The text of a file of the project, named from its root. */
export function page(name: string): string {
  return readFileSync(projectPath(name), "utf8");
}

/** What stands under a heading of the manual, wherever that is, without its sub-sections. */
export function section(heading: string): string {
  const found = MANUAL.flatMap((name) => page(name).split(/^# |\n##+ /)).filter((text) =>
    text.startsWith(`${heading}\n`),
  );
  const [text] = found;
  if (text === undefined || found.length > 1) throw new Error(`${found.length} headings are called ${heading}`);
  return text.slice(heading.length + 1);
}

/** The rows of the first table under a heading, without their head: the cells as they are written. */
export function table(heading: string): string[][] {
  const [rows = ""] = /(^\| .*\n)+/m.exec(section(heading)) ?? [];
  const lines = rows.trimEnd().split("\n").slice(2);
  return lines.map((row) => row.split(/(?<!\\)\|/).slice(1, -1)).map((row) => row.map((cell) => cell.trim()));
}

/** A cell as a reader sees it. */
export function plain(cell: string): string {
  return cell.replaceAll("`", "").replaceAll("\\|", "|");
}

/** What stands between the manual's fences of a language. */
export function fences(language: string): string[] {
  return MANUAL.flatMap((name) => captures(page(name), new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, "gm")));
}

export function captures(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map(([, captured = ""]) => captured);
}

function pagesIn(folder: string): string[] {
  const files = readdirSync(projectPath(folder), { recursive: true, encoding: "utf8" });
  return files
    .filter((name) => name.endsWith(".md"))
    .map((name) => `${folder}/${name}`)
    .toSorted();
}
