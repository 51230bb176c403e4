import t from "tap";
import { fixture } from "../helpers/paths.js";
import { EVERYWHERE, inPlaces, passedOn, startIn } from "./places.js";

const SIZES = [{ cols: 100 }, { rows: 50 }, { cols: 132 }, { rows: 10 }] as const;

const promise = "of each resize the command gets one SIGWINCH, and it sees the new size";
await inPlaces(t, EVERYWHERE, promise, async (t, place) => {
  const terminal = await startIn(t, place, [fixture("window-size.js")]);
  await terminal.shows(/^ready 24x500$/m);
  const now = { rows: 24, cols: 500 };
  for (const size of SIZES) {
    Object.assign(now, size);
    await terminal.resize(size);
    await terminal.shows(/SIGWINCH/);
    await passedOn(terminal);
    t.equal(terminal.answer, `SIGWINCH ${now.rows}x${now.cols}\nSIGPWR\nSIGPWR\n`);
  }
});
