/** One metric as Prometheus reads it. */
export interface Metric {
  help: string;
  type: string;
  /** By name and labels, as they are written. */
  samples: Map<string, number>;
}

const NAME = "[a-zA-Z_:][a-zA-Z0-9_:]*";
const LABEL = `${NAME}="(?:[^"\\\\\\n]|\\\\[\\\\n"])*"`;
const SAMPLE = new RegExp(`^(${NAME})(\\{${LABEL}(?:,${LABEL})*\\})? (\\S+)$`);

/** Reads Prometheus' text format 0.0.4 and throws at anything that is none. */
export function parseMetrics(text: string): Map<string, Metric> {
  if (!text.endsWith("\n")) throw new Error("the last line has no end");
  const metrics = new Map<string, Metric>();
  let [current, help] = ["", ""];
  for (const line of text.slice(0, -1).split("\n")) {
    const [, what, name = "", rest = ""] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? [];
    if (what === "HELP") help = rest;
    if (what === "TYPE") {
      if (metrics.has(name)) throw new Error(`twice: ${name}`);
      if (!/^(counter|gauge|histogram)$/.test(rest)) throw new Error(`no type: ${line}`);
      metrics.set((current = name), { help, type: rest, samples: new Map() });
    }
    if (what !== undefined || line === "") continue;
    const [, sampled = "", labels = "", number = ""] = SAMPLE.exec(line) ?? [];
    const metric = metrics.get(current);
    const suffixes = metric?.type === "histogram" ? ["_bucket", "_sum", "_count"] : [""];
    if (!metric || !suffixes.some((suffix) => sampled === `${current}${suffix}`)) throw new Error(`whose is ${line}`);
    const value = number === "+Inf" ? Infinity : Number(number);
    if (Number.isNaN(value)) throw new Error(`no number: ${line}`);
    if (metric.samples.has(sampled + labels)) throw new Error(`twice: ${line}`);
    metric.samples.set(sampled + labels, value);
  }
  return metrics;
}

/** The value of what is named, with its labels in any order; undefined if there is none. */
export function sample(
  metrics: Map<string, Metric>,
  name: string,
  labels: Record<string, string> = {},
): number | undefined {
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  for (const { samples } of metrics.values())
    for (const [key, value] of samples) {
      const [base, inner = ""] = key.split(/[{}]/);
      if (base === `while_leader_${name}` && wanted.every((label) => inner.split(",").includes(label))) return value;
    }
  return undefined;
}
