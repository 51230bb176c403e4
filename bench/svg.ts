import { axisOf, words, type Bar, type Chart } from "./chart.js";

const [WIDTH, LEFT, RIGHT] = [760, 230, 130];
const [ROW, HEAD, FOOT] = [26, 30, 24];
const BAR = 14;
const SPAN = WIDTH - LEFT - RIGHT;

// Readable on white and on black: it has no ground of its own.
const STYLE = [
  "text { font: 12px system-ui, sans-serif; fill: #1f2328 }",
  ".title { font-weight: 600 } .tick { fill: #59636e; font-size: 11px }",
  ".grid { stroke: #d1d9e0 } .line { stroke: #1f2328 } .peer { fill: #9aa4ae } .ours { fill: #2f6feb }",
  "@media (prefers-color-scheme: dark) {",
  "text { fill: #e6edf3 } .tick { fill: #9198a1 }",
  ".grid { stroke: #3d444d } .line { stroke: #e6edf3 } .peer { fill: #6e7681 } .ours { fill: #4c8dff }",
  "}",
].join("\n");

/** Charts below each other as one picture. */
export function svg(charts: readonly Chart[]): string {
  const heights = charts.map(({ bars }) => HEAD + ROW * bars.length + FOOT);
  const drawings = charts.map((chart, index) => {
    const top = heights.slice(0, index).reduce((sum, height) => sum + height, 0);
    return `<g transform="translate(0 ${top})">\n${chartLines(chart).join("\n")}\n</g>`;
  });
  const height = heights.reduce((sum, each) => sum + each, 0);
  const size = `width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}"`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" ${size} role="img">`,
    `<title>${escaped(charts.map(({ title }) => title).join("; "))}</title>`,
    `<style>\n${STYLE}\n</style>`,
    ...drawings,
    "</svg>\n",
  ].join("\n");
}

function chartLines(chart: Chart): string[] {
  const { at, ticks } = axisOf(chart);
  const x = (value: number) => Math.round(LEFT + at(value) * SPAN);
  const bottom = HEAD + ROW * chart.bars.length;
  return [
    `<text class="title" x="0" y="18">${escaped(chart.title)}</text>`,
    ...ticks.flatMap((tick) => [
      `<line class="grid" x1="${x(tick)}" x2="${x(tick)}" y1="${HEAD}" y2="${bottom}"/>`,
      `<text class="tick" x="${x(tick)}" y="${bottom + 14}" text-anchor="middle">${tick === 0 ? "0" : escaped(chart.show(tick))}</text>`,
    ]),
    ...chart.bars.flatMap((bar, index) => barLines(chart, bar, HEAD + ROW * index, x)),
  ];
}

function barLines(chart: Chart, bar: Bar, top: number, x: (value: number) => number): string[] {
  const { label, value, reach = value, ours = false } = bar;
  const [middle, from, to, end] = [top + ROW / 2, LEFT, x(value), Math.max(x(value), x(reach))];
  const rect = `x="${from}" y="${middle - BAR / 2}" width="${Math.max(1, to - from)}" height="${BAR}" rx="2"`;
  const whisker = [
    `<line class="line" x1="${to}" x2="${end}" y1="${middle}" y2="${middle}"/>`,
    `<line class="line" x1="${end}" x2="${end}" y1="${middle - 4}" y2="${middle + 4}"/>`,
  ];
  return [
    `<text x="${LEFT - 8}" y="${middle + 4}" text-anchor="end">${escaped(label)}</text>`,
    `<rect class="${ours ? "ours" : "peer"}" ${rect}/>`,
    ...(reach === value ? [] : whisker),
    `<text x="${end + 8}" y="${middle + 4}">${escaped(words(chart, value, reach))}</text>`,
  ];
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
