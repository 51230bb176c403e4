import type { Clock } from "../clock.js";
import { within } from "../clock.js";
import type { Deferred } from "../deferred.js";
import { deferred } from "../deferred.js";
import type { Milliseconds } from "../duration.js";
import type { KeepAliveAnswer, KeepAliveStream } from "./channel.js";
import type { Connection } from "./connection.js";
import { noAnswer } from "./errors.js";

/** The stream of one lease's keepalives: never a second one in flight, so that each answer has its question. */
export class KeepAlives {
  readonly #id: string;
  readonly #clock: Clock;
  #stream: KeepAliveStream | undefined;
  #broken: AbortSignal | undefined;
  #asked: Deferred<KeepAliveAnswer> = deferred();

  /** @param id decimal */
  constructor(id: string, clock: Clock) {
    this.#id = id;
    this.#clock = clock;
  }

  /**
   * Sends one keepalive and waits for its answer.
   *
   * @throws what ended the stream, or a `Failure` after `timeout`; the stream is then gone, late answers with it.
   */
  async renew(connection: Connection, timeout: Milliseconds): Promise<KeepAliveAnswer> {
    const { failed } = connection;
    if (this.#broken !== failed) this.cancel();
    this.#broken = failed;
    try {
      const answer = await within(this.#clock, timeout, this.#ask(connection), () => noAnswer(connection.endpoint));
      connection.heard(answer);
      return answer;
    } catch (error) {
      this.cancel();
      // Somebody else has closed the channel over it; what grpc makes of that is no news of etcd.
      throw failed.aborted ? noAnswer(connection.endpoint) : error;
    }
  }

  /** Ends the stream. */
  cancel(): void {
    this.#asked = deferred();
    // Ended first: etcd3 takes a stream that is cancelled while it is writable for a failure of everything else, too.
    this.#stream?.end();
    this.#stream?.cancel();
    this.#stream = undefined;
  }

  async #ask(connection: Connection): Promise<KeepAliveAnswer> {
    this.#asked = deferred();
    const { promise } = this.#asked;
    this.#stream ??= await this.#open(connection);
    this.#stream.write({ ID: this.#id });
    return promise;
  }

  async #open(connection: Connection): Promise<KeepAliveStream> {
    const stream = await connection.keepAlives();
    stream.on("data", (answer) => {
      if (this.#stream === stream) this.#asked.resolve(answer);
    });
    // Also between two keepalives: unheard, an error would end the process.
    stream.on("error", (error) => this.#ended(stream, error));
    stream.on("end", () => this.#ended(stream, noAnswer(connection.endpoint)));
    return stream;
  }

  #ended(stream: KeepAliveStream, error: Error): void {
    if (this.#stream !== stream) return;
    this.#asked.reject(error);
    this.#stream = undefined;
  }
}
