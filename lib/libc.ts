import type { Signal } from "./signals.js";
import { signalNumber } from "./signals.js";

/** What an init needs of the kernel and Node does not offer. Nothing here waits or throws. */
export interface Libc {
  /** From now on orphans among our descendants become our children, not PID 1's. See PR_SET_CHILD_SUBREAPER(2const). */
  becomeSubreaper(): void;
  /** A child that has ended and whose status nobody has taken yet; undefined if there is none. */
  zombie(): number | undefined;
  /** Takes the status of a child that has ended, so that the kernel forgets it. */
  reap(pid: number): void;
  /** Ignores a signal. What is started afterwards does not inherit that: libuv resets it. */
  ignore(signal: Signal): void;
  /** The modes of the terminal behind a descriptor; undefined if there is none. */
  terminalModes(descriptor: number): Buffer | undefined;
  setTerminalModes(descriptor: number, modes: Buffer): void;
  foregroundGroup(descriptor: number): number;
  setForegroundGroup(descriptor: number, group: number): void;
  ownGroup(): number;
  /** Whether nobody is left to read what is written to a pipe or a socket. */
  unread(descriptor: number): boolean;
  /** Ends this process without anything that Node or the C library would do at the end. */
  exit(status: number): void;
}

/** From Linux' headers, the same on every architecture that Node runs on. */
const PR_SET_CHILD_SUBREAPER = 36;
const [P_ALL, P_PID] = [0, 1];
const [WNOHANG, WEXITED, WNOWAIT] = [1, 4, 0x1000000];
const SIG_IGN = 1;
const [POLLERR, POLLHUP] = [8, 16];
/** At once: to wait until the output has been sent could take for ever. */
const TCSANOW = 0;

/** More than any libc's `siginfo_t` (128) and `struct termios` (60). */
const ROOM = 256;

type Waitid = (kind: number, id: number, info: Buffer, options: number) => number;

/**
 * Opens the C library through koffi, whose own library is an optional dependency.
 *
 * @throws if it is not installed, cannot be loaded here, or this is not Linux.
 */
export async function openLibc(): Promise<Libc> {
  if (process.platform !== "linux") throw new Error("only for Linux");
  const { load, sizeof } = await import("./vendor/koffi.js");
  // The program itself: Node brings its C library along, whichever that is.
  const self = load(null);
  const prctl = self.func("int prctl(int, ulong, ulong, ulong, ulong)") as (...args: number[]) => number;
  const waitid = self.func("int waitid(int, uint, _Out_ uint8_t *, int)") as Waitid;
  const signal = self.func("intptr_t signal(int, intptr_t)") as (number: number, action: number) => number;
  const tcgetattr = self.func("int tcgetattr(int, _Out_ uint8_t *)") as (fd: number, modes: Buffer) => number;
  const tcsetattr = self.func("int tcsetattr(int, int, uint8_t *)") as (
    fd: number,
    when: number,
    modes: Buffer,
  ) => number;
  const tcgetpgrp = self.func("int tcgetpgrp(int)") as (fd: number) => number;
  const tcsetpgrp = self.func("int tcsetpgrp(int, int)") as (fd: number, group: number) => number;
  const exit = self.func("void _exit(int)") as (status: number) => void;
  const getpgrp = self.func("int getpgrp()") as () => number;
  const poll = self.func("int poll(_Inout_ uint8_t *, ulong, int)") as (
    polled: Buffer,
    count: number,
    timeout: number,
  ) => number;

  const info = Buffer.alloc(ROOM);
  // Behind three ints, and aligned as a pointer is.
  const pidAt = sizeof("void *") === 8 ? 16 : 12;
  return {
    becomeSubreaper: () => void prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0),
    zombie() {
      info.fill(0);
      // With WNOWAIT it stays for whoever is to have it.
      waitid(P_ALL, 0, info, WNOHANG | WEXITED | WNOWAIT);
      return info.readInt32LE(pidAt) || undefined;
    },
    reap: (pid) => void waitid(P_PID, pid, info, WNOHANG | WEXITED),
    ignore: (name) => void signal(signalNumber(name), SIG_IGN),
    terminalModes(descriptor) {
      const modes = Buffer.alloc(ROOM);
      return tcgetattr(descriptor, modes) === 0 ? modes : undefined;
    },
    setTerminalModes: (descriptor, modes) => void tcsetattr(descriptor, TCSANOW, modes),
    foregroundGroup: (descriptor) => tcgetpgrp(descriptor),
    setForegroundGroup: (descriptor, group) => void tcsetpgrp(descriptor, group),
    ownGroup: () => getpgrp(),
    unread(descriptor) {
      // struct pollfd: the descriptor, what is asked for (nothing: these two are told unasked), what is so.
      const polled = Buffer.alloc(8);
      polled.writeInt32LE(descriptor);
      return poll(polled, 1, 0) > 0 && (polled.readInt16LE(6) & (POLLERR | POLLHUP)) !== 0;
    },
    exit,
  };
}
