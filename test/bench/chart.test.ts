import t from "tap";
import { axisOf, drawn, type Chart } from "../../bench/chart.js";
import { svg } from "../../bench/svg.js";
import { timed } from "../../bench/units.js";

const CHART: Chart = {
  title: "Time <p50>",
  bars: [
    { label: "one", value: 1, reach: 10, ours: true },
    { label: "other", value: 100 },
    { label: "lost", value: 10, reach: Infinity },
  ],
  log: true,
  show: timed,
};

await t.test("a chart's axis: powers of ten, or round steps from nothing", async (t) => {
  const log = axisOf(CHART);
  t.same(log.ticks, [1, 10, 100]);
  t.same([0, 1, 10, 100, Infinity].map(log.at), [0, 0, 0.5, 1, 1]);
  const linear = axisOf({ ...CHART, log: false });
  t.same(linear.ticks, [0, 20, 40, 60, 80, 100]);
  t.same([0, 25, 100, Infinity].map(linear.at), [0, 0.25, 1, 1]);
  t.same(axisOf({ ...CHART, log: false, bars: [{ label: "none", value: 0 }] }).at(0), 0);
  t.throws(() => axisOf({ ...CHART, bars: [{ label: "none", value: 0 }] }), RangeError);
});

await t.test("a chart for a terminal: bars, and lines to where they reach", async (t) => {
  t.same(drawn(CHART).split("\n"), [
    "Time <p50>",
    `one    █${"─".repeat(19)}┤ 1.0 ms – 10 ms`,
    `other  ${"█".repeat(40)} 100 ms`,
    `lost   ${"█".repeat(20)}${"─".repeat(20)}┤ 10 ms – never`,
  ]);
});

await t.test("charts as a picture: a bar each, with its words, and nothing that is no number", async (t) => {
  const picture = svg([CHART, { ...CHART, log: false }]);
  t.equal(picture.match(/<rect class="ours"/g)?.length, 2);
  t.equal(picture.match(/<rect class="peer"/g)?.length, 4);
  t.match(picture, /<text [^>]*>Time &lt;p50><\/text>/);
  t.match(picture, /<text [^>]*>1.0 ms – 10 ms<\/text>/);
  t.match(picture, "prefers-color-scheme: dark");
  t.notMatch(picture, /"(?:-|NaN|Infinity)/);
});
