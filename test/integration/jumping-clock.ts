// Preloaded into a Node process (NODE_OPTIONS=--import=…): from then on its wall clock jumps by hours, ahead and back, before
// every reading. What a program can read of it is Date alone; timers and performance.now() go by another clock.
const HOUR = 3_600_000;
const JUMPS = [0, 5 * HOUR, -7 * HOUR, 11 * HOUR, -HOUR];

const RealDate = Date;
let readings = 0;

function shift(): number {
  return JUMPS[readings++ % JUMPS.length] ?? 0;
}

class JumpingDate extends RealDate {
  constructor(...args: [] | [number | string | Date]) {
    if (args.length === 0) super(JumpingDate.now());
    else super(...args);
  }

  static override now(): number {
    return RealDate.now() + shift();
  }
}

globalThis.Date = JumpingDate as DateConstructor;
