/** One bar: a value, and a line from its end to where else it reaches, such as the 99th percentile. */
export interface Bar {
  readonly label: string;
  readonly value: number;
  readonly reach?: number;
  /** Drawn so that it stands out. */
  readonly ours?: boolean;
}

export interface Chart {
  /** What it shows, what the bars are and what the lines. */
  readonly title: string;
  readonly bars: readonly Bar[];
  /** Of numbers that differ by tens; else linear, from nothing. */
  readonly log?: boolean;
  readonly show: (value: number) => string;
}

/** Where a value stands between the two ends of a chart, from 0 to 1. */
export type Axis = (value: number) => number;

/** @throws RangeError without bars, or on a logarithmic axis without a number above nothing. */
export function axisOf({ bars, log = false }: Chart): { at: Axis; ticks: readonly number[] } {
  const all = bars.flatMap(({ value, reach }) => [value, reach ?? value]).filter(Number.isFinite);
  const most = Math.max(...all);
  if (!log) {
    const step = roundStep(most);
    const end = Math.max(most, step);
    return { at: (value) => clamped(value / end), ticks: steps(step, end) };
  }
  const [low, high] = [Math.floor(Math.log10(Math.min(...all.filter((value) => value > 0)))), Math.log10(most)];
  if (!Number.isFinite(low) || !Number.isFinite(high)) throw new RangeError("no number to draw");
  const width = Math.max(1, high - low);
  const ticks = Array.from({ length: Math.floor(width + 1) }, (_, index) => 10 ** (low + index));
  return { at: (value) => clamped((Math.log10(value) - low) / width), ticks };
}

/** What never came reaches to the end. */
function clamped(share: number): number {
  return Math.min(1, Math.max(0, share));
}

const MOST_STEPS = 5;

/** 1, 2 or 5 times a power of ten, of which few fit. */
function roundStep(most: number): number {
  const power = 10 ** Math.floor(Math.log10(most > 0 ? most : 1) - 1);
  return [1, 2, 5, 10, 20, 50].map((each) => each * power).find((step) => most / step <= MOST_STEPS) ?? most;
}

function steps(step: number, end: number): number[] {
  return Array.from({ length: Math.floor(end / step) + 1 }, (_, index) => index * step);
}

const CELLS = 40;

/** For a terminal: a line for each bar. */
export function drawn(chart: Chart): string {
  const { at } = axisOf(chart);
  const width = Math.max(...chart.bars.map(({ label }) => label.length));
  const lines = chart.bars.map(({ label, value, reach = value }) => {
    const [full, end] = [at(value), at(reach)].map((share) => Math.round(share * CELLS)) as [number, number];
    const bar = "█".repeat(Math.max(1, full));
    const line = end > full ? `${"─".repeat(end - Math.max(1, full))}┤` : "";
    return `${label.padEnd(width)}  ${bar}${line} ${words(chart, value, reach)}`;
  });
  return [chart.title, ...lines].join("\n");
}

/** The value, and where its line ends if it has one. */
export function words({ show }: Chart, value: number, reach: number): string {
  return reach === value ? show(value) : `${show(value)} – ${show(reach)}`;
}
