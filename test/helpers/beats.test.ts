import { test } from "tap";
import { readBeats, violations } from "./beats.js";

/** Beats of "token/pid" one after another. */
function beats(...said: string[]) {
  return readBeats(said.map((one, index) => `${index}.5 ${one.replace("/", " ")} beat\n`).join(""));
}

await test("lines become beats, in their order", async (t) => {
  t.same(readBeats("12.250 7 41 beat\n13 9223372036854775807 42 beat\n"), [
    { at: 12.25, token: 7n, pid: 41 },
    { at: 13, token: 9223372036854775807n, pid: 42 },
  ]);
  t.same(readBeats(""), []);
});

await test("a last line that is still being written is no beat yet", async (t) => {
  t.equal(readBeats("1 7 41 beat\n2 7 4").length, 1);
});

await test("anything else is refused with its line", async (t) => {
  t.throws(() => readBeats("1 7 41 beat\n2 7 41 be2 7 41 beat\n"), { message: /^line 2 is not a beat: / });
  t.throws(() => readBeats("1 -7 41 beat\n"));
  t.throws(() => readBeats("\n"));
});

await test("what may be", async (t) => {
  t.same(violations([]), []);
  t.same(violations(beats("7/1", "7/1", "7/1")), [], "one process");
  t.same(violations(beats("7/1", "7/1", "9/2", "9/2", "10/3")), [], "one term after another");
  t.same(violations(beats("7/1", "7/1", "7/2", "7/2", "7/3")), [], "restarts within a term");
  t.same(violations(beats("7/1", "9/1", "9/2", "10/1")), [], "a process number that comes again in another term");
  t.same(violations(beats("9007199254740993/1", "9007199254740994/2")), [], "tokens beyond 2^53");
});

await test("what may not be: an older token after a newer one", async (t) => {
  t.same(violations(beats("7/1", "9/2", "7/1", "9/2")), ["token 7 (pid 1 at 2.5 ms) after token 9 (pid 2 at 1.5 ms)"]);
  t.equal(violations(beats("7/1", "9/2", "7/1", "7/1")).length, 2, "each beat counts");
  t.equal(violations(beats("9/2", "7/1")).length, 1, "a new leader whose token is smaller");
  t.equal(violations(beats("7/1", "9/2", "8/3")).length, 1, "a third token in between");
  t.equal(violations(beats("7/1", "9/1", "7/1")).length, 1, "from the same process number too");
  t.equal(violations(beats("9007199254740994/2", "9007199254740993/1")).length, 1, "beyond 2^53");
  t.equal(violations(beats("10/2", "9/1")).length, 1, "as numbers, not as text");
});

await test("what may not be: two processes at once under one token", async (t) => {
  t.same(violations(beats("7/1", "7/2", "7/1")), ["token 7: pid 1 at 2.5 ms although another process had followed it"]);
  t.equal(violations(beats("7/1", "7/2", "7/3", "7/1", "7/2", "7/3")).length, 2, "among three; the last one is right");
  t.equal(violations(beats("7/1", "9/2", "9/3", "9/2")).length, 1, "in a later term");
});

await test("a violation hides nothing that comes later", async (t) => {
  const found = violations(beats("7/1", "9/2", "7/1", "9/3", "9/2", "11/4", "9/3"));
  t.equal(found.length, 3);
});
