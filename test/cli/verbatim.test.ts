import t from "tap";
import { fixture } from "../helpers/paths.js";
import { runToEnd } from "../helpers/wrapper.js";
import { configOf } from "./reading.js";

/** Words that a parser of options would like to touch. */
const WORDS = [
  "007 1e3 0x10 -0 +5 NaN true false null undefined [] {} a=b a.b=c __proto__ constructor".split(" "),
  "--help -h --version -n --election --ttl=3 -vvq --no-quiet --guard - -- ---".split(" "),
  "' \" \\ `id` $HOME $(id) * ~ ! # ; | && %s".split(" "),
  ["", " ", "\t", "a\nb", "\n", "é", "e\u0301", "🦄", "日本", "\u202e", "\x01\x7f\x1b[31m"],
].flat();

await t.test("from -- on everything is the command", async (t) => {
  for (const word of WORDS) {
    if (word === "") continue; // is no command
    t.strictSame((await configOf(["--", word, ...WORDS])).command, [word, ...WORDS], JSON.stringify(word));
  }
  t.strictSame((await configOf(["-n", "jobs", "--", "--", "--"])).command, ["--", "--"]);
});

await t.test("from the first word that is no option on everything is the command", async (t) => {
  const isOption = (word: string) => /^-./.test(word);
  for (const word of WORDS.filter((one) => one !== "" && !isOption(one))) {
    t.strictSame((await configOf([word, ...WORDS])).command, [word, ...WORDS], JSON.stringify(word));
    t.strictSame((await configOf(["-n", "jobs", word, "--", "x"])).command, [word, "--", "x"], JSON.stringify(word));
  }
});

await t.test("a flag leaves the word after it alone, be it true or false", async (t) => {
  for (const flag of ["-q", "--quiet", "-v", "-vv", "--verbose", "-g", "--group", "--try"]) {
    for (const word of ["true", "false", "1", "yes", "no"]) {
      const command = configOf([flag, word, "x"]).then((config) => config.command, String);
      t.strictSame(await command, [word, "x"], `${flag} ${word}`);
    }
  }
  t.match(await configOf(["-n", "jobs", "--try", "false", "--", "x"]).catch(String), {
    command: ["false", "--", "x"],
    election: { once: true },
  });
});

await t.test("the command gets each of its arguments as it was given", async (t) => {
  const words = [...WORDS, "x".repeat(100_000)];
  const [direct, led] = await Promise.all([
    runToEnd(["-q", fixture("print-env.js"), ...words]),
    runToEnd(["-q", "--", fixture("print-env.js"), ...words]),
  ]);
  t.strictSame(JSON.parse(direct.stdout).args, words);
  t.strictSame(JSON.parse(led.stdout).args, words);
});

await t.test("the command finds its own name as it was given", async (t) => {
  const { stdout } = await runToEnd([
    "-q",
    "--",
    "sh",
    "-c",
    "tr '\\0' '\\n' </proc/$$/cmdline",
    "name with space",
    "",
  ]);
  t.equal(stdout, "sh\n-c\ntr '\\0' '\\n' </proc/$$/cmdline\nname with space\n\n");
});

await t.test("what Node cannot hand on as it is, is refused or said, never changed in silence", async (t) => {
  const argument = await runToEnd(["-q", "touch"], {
    under: ["bash", "-c", "\"$@\" $'a\\xe9b'", "bash"],
    cwd: t.testdir(),
  });
  t.match(argument, {
    code: 64,
    stderr: 'while-leader: argument "a\ufffdb": not UTF-8, and so not to be handed on as it is\n',
  });
  const variables = await runToEnd(["true"], { under: ["bash", "-c", "ONE=$'\\xe9' TWO=é \"$@\"", "bash"] });
  t.equal(variables.code, 0);
  t.match(
    variables.events.filter(({ event }) => event === "mangled"),
    [{ level: "warn", variables: "ONE" }],
  );
  const replacement = await runToEnd(["-q", "echo", "a\ufffdb"]);
  t.match(replacement, { code: 0, stdout: "a\ufffdb\n" });
});
