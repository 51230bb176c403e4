import { writeSync } from "node:fs";
import { constants } from "node:os";
import { isatty } from "node:tty";
import { isDumb, lookFor, widthOf, wrapped, type Look } from "./look.js";

const WIDEST = 120;
const NARROWEST = 40;
const UNKNOWN_WIDTH = 80;
const UNKNOWN_HEIGHT = 24;
const REDRAW_EVERY = 100; // ms

/** stdout: lines that stay, and on a terminal a picture below them that moves. */
export class Screen {
  readonly look: Look;
  readonly #isTerminal = isatty(1);
  readonly #canMove: boolean;
  #draw: (() => string[]) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #drawn = 0;

  constructor(env: NodeJS.ProcessEnv) {
    this.look = lookFor(env, this.#isTerminal);
    this.#canMove = this.#isTerminal && !isDumb(env);
  }

  get width(): number {
    // Not the last column: some terminals begin a new line there by themselves.
    const columns = (this.#isTerminal && process.stdout.columns - 1) || UNKNOWN_WIDTH;
    return columns < 0 ? UNKNOWN_WIDTH : Math.min(Math.max(columns, NARROWEST), WIDEST);
  }

  /** Prints a text behind `lead`, in as many lines as it takes. */
  say(text = "", lead = ""): void {
    const indent = widthOf(lead);
    const lines = wrapped(text, this.width, indent);
    this.print(lines.map((line, index) => `${index === 0 ? lead : " ".repeat(indent)}${line}`.trimEnd()));
  }

  /** Prints lines as they are, above the picture. */
  print(lines: readonly string[]): void {
    this.#update(lines.map((line) => `${line}\n`).join(""));
  }

  /** Keeps a picture below everything that is said. Does nothing where that cannot be. */
  animate(draw: () => string[]): void {
    if (!this.#canMove) return;
    this.#draw = draw;
    this.#timer = setInterval(() => this.#update(""), REDRAW_EVERY);
    this.#update("");
  }

  /** Takes the picture away. */
  still(): void {
    clearInterval(this.#timer);
    this.#draw = undefined;
    this.#update("");
  }

  /** Says something while the program ends, whether anybody can hear it or not. */
  lastWord(text: string): void {
    clearInterval(this.#timer);
    try {
      // A terminal has shown "^C" by now.
      writeSync(1, this.#isTerminal ? `\n${text}\n` : `${text}\n`);
    } catch {
      // Nobody can.
    }
  }

  #update(said: string): void {
    const picture = this.#draw?.() ?? [];
    const rows = (this.#isTerminal && process.stdout.rows) || UNKNOWN_HEIGHT;
    const fits = picture.length < rows - 1 ? picture : [];
    const erase = this.#drawn === 0 ? "" : `\u001B[${this.#drawn}A\u001B[J`;
    this.#drawn = fits.length;
    this.#write(erase + said + fits.map((line) => `${line}\n`).join(""));
  }

  /** Synchronous, so that nothing is lost however the program ends. */
  #write(text: string): void {
    let bytes = Buffer.from(text);
    while (bytes.length > 0) {
      try {
        bytes = bytes.subarray(writeSync(1, bytes));
      } catch (error) {
        giveUpUnlessFull(error as NodeJS.ErrnoException);
      }
    }
  }
}

function giveUpUnlessFull(error: NodeJS.ErrnoException): void {
  if (error.code === "EAGAIN") Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
  else if (error.code === "EPIPE") process.exit(128 + constants.signals.SIGPIPE);
  else if (error.code === "EIO") process.exit(128 + constants.signals.SIGHUP);
  else throw error;
}
