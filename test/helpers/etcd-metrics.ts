/** What an etcd has counted of itself since it was started, as Prometheus is told. */
export class EtcdCounts {
  readonly #series: readonly (readonly [name: string, labels: string, value: number])[];

  /** @param url of a client, without TLS. */
  static async of(url: string): Promise<EtcdCounts> {
    return new EtcdCounts(await (await fetch(`${url}/metrics`)).text());
  }

  constructor(text: string) {
    const lines = text.matchAll(/^([a-z_]+)(?:\{(.*)\})? (\S+)$/gm);
    this.#series = [...lines].map(([, name = "", labels = "", value]) => [name, labels, Number(value)]);
  }

  /** The sum of a metric's series, of those alone that have the label if one is given (`grpc_method="Range"`); 0 for none. */
  sum(name: string, label = ""): number {
    const chosen = this.#series.filter(([each, labels]) => each === name && labels.includes(label));
    return chosen.reduce((sum, [, , value]) => sum + value, 0);
  }

  /** Calls and streams that were begun. @param method of gRPC, such as `Range`; all of etcd's when not given. */
  begun(method?: string): number {
    return this.sum("grpc_server_started_total", method === undefined ? "" : `grpc_method="${method}"`);
  }

  /** Streams that are open. */
  open(method: string): number {
    return this.begun(method) - this.sum("grpc_server_handled_total", `grpc_method="${method}"`);
  }

  /** Events that were sent to watchers. */
  get events(): number {
    return this.sum("etcd_debugging_mvcc_events_total");
  }
}
