import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import type { Owner } from "./at-exit.js";
import { Child } from "./child.js";
import { freePorts } from "./free-ports.js";
import { until } from "./until.js";

/** Options of a test that needs that program of Prometheus: skips it, and says why, where it is not installed. */
export function needsPrometheus(program: "prometheus" | "promtool"): { readonly skip: false | string } {
  const isThere = (process.env.PATH ?? "").split(delimiter).some((folder) => isExecutable(join(folder, program)));
  return { skip: isThere ? false : `${program} is not installed (Debian's package: prometheus)` };
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export type Labels = Readonly<Record<string, string>>;

/** A throw-away Prometheus on 127.0.0.1. */
export class Prometheus {
  readonly #url: string;

  private constructor(url: string) {
    this.#url = url;
  }

  /** Starts one that scrapes these `host:port` as the job `wl` and evaluates these rules, both each second. */
  static async start(t: Owner, targets: readonly string[], rules: string): Promise<Prometheus> {
    const folder = mkdtempSync(join(tmpdir(), "while-leader-prometheus-"));
    t.teardown(() => rmSync(folder, { recursive: true, force: true }));
    writeFileSync(join(folder, "rules.yml"), rules);
    const scraped = [{ job_name: "wl", static_configs: [{ targets }] }];
    const global = { scrape_interval: "1s", scrape_timeout: "1s", evaluation_interval: "1s" };
    // YAML has all of JSON.
    const config = JSON.stringify({ global, scrape_configs: scraped, rule_files: ["rules.yml"] });
    writeFileSync(join(folder, "prometheus.yml"), config);
    const [port] = await freePorts(1);
    const address = `127.0.0.1:${port}`;
    const files = [`--config.file=${folder}/prometheus.yml`, `--storage.tsdb.path=${folder}/data`];
    const server = new Child("prometheus", [...files, `--web.listen-address=${address}`], { t });
    const answers = async (): Promise<boolean> => {
      if (server.hasExited) throw new Error(`Prometheus ended: ${server.stderr}`);
      return fetch(`http://${address}/-/ready`).then(
        ({ ok }) => ok,
        () => false,
      );
    };
    await until("Prometheus to be ready", answers, { timeoutMs: 60_000 });
    return new Prometheus(`http://${address}`);
  }

  /** What an expression finds now: the labels of each, and the value. @throws if it is none. */
  async query(expression: string): Promise<{ labels: Labels; value: number }[]> {
    const answer = await fetch(`${this.#url}/api/v1/query?query=${encodeURIComponent(expression)}`);
    const { status, error, data } = (await answer.json()) as Answer;
    if (status !== "success" || data === undefined) throw new Error(`${expression}: ${error}`);
    if (data.resultType !== "vector") throw new Error(`${expression}: a ${data.resultType}`);
    return data.result.map(({ metric, value: [, value] }) => ({ labels: metric, value: Number(value) }));
  }

  /** The names of the alerts that fire now. */
  async firing(): Promise<string[]> {
    const found = await this.query('ALERTS{alertstate="firing"}');
    return [...new Set(found.map(({ labels }) => labels["alertname"] ?? ""))].toSorted();
  }
}

interface Answer {
  readonly status: string;
  readonly error?: string;
  readonly data?: {
    readonly resultType: string;
    readonly result: readonly { readonly metric: Labels; readonly value: readonly [number, string] }[];
  };
}
