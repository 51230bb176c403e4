import t from "tap";
import { bothWays } from "./both-ways.js";

await t.test("open files are handed on by their numbers, and none of Node's own", async (t) => {
  t.testdir();
  const show = ["sh", "-c", 'for f in /proc/$$/fd/*; do [ ! -e $f ] || echo "${f##*/} $(readlink $f)"; done'];
  const scripts = {
    "3, 5, 15 and 17": "exec 3>>a 5>>b 15>>c 17>>d",
    "3 to 20": `exec ${Array.from({ length: 18 }, (_, index) => `${index + 3}>>f`).join(" ")}`,
    "16, and /dev/null": "exec 3</dev/null 9>/dev/null 16>>a",
  };
  for (const [what, script] of Object.entries(scripts)) {
    const [plain, wrapped] = await bothWays(t, script, show);
    t.equal(withoutPipes(wrapped), withoutPipes(plain), what);
  }
});

/** Each run has pipes of its own. */
function withoutPipes(text: string): string {
  return text.replace(/(pipe|socket):\[\d+\]/g, "$1");
}

await t.test("a pipe with both ends, such as make's jobserver, is handed on", async (t) => {
  t.testdir();
  const use = (read: number, write: number) => [
    "bash",
    "-c",
    `echo token >&${write} && read -r -n 5 -u ${read} got && echo "$got"`,
  ];
  for (const [read, write] of [
    [3, 4],
    [8, 9],
  ] as const) {
    // Opening /proc/self/fd/0 anew makes the other end of the pipe that stdin is.
    const pair = `exec ${read}< <(:) ${write}>/proc/self/fd/${read}`;
    const [plain, wrapped] = await bothWays(t, pair, use(read, write));
    t.equal(plain, "token\n");
    t.equal(wrapped, plain, `${read} and ${write}`);
  }
});
