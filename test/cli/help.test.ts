import { readFileSync } from "node:fs";
import t from "tap";
import { ExitStatus } from "../../lib/exit-status.js";
import { OPTIONS } from "../../lib/options.js";
import { projectPath } from "../helpers/paths.js";
import { runToEnd } from "../helpers/wrapper.js";
import { printedFor } from "./reading.js";

const help = await printedFor("--help");
const sections = help.split(/\n(?=\S[^\n]*:\n)/);

/** The lines below a heading. */
function section(heading: string): string {
  return sections.find((text) => text.startsWith(`${heading}:\n`)) ?? "";
}

await t.test("every option is in the help, in its group, with its short name, value and default", async (t) => {
  for (const { name, alias, group, value, fallback } of OPTIONS) {
    const text = section(group.slice(0, -1)).replace(/\s+/g, " ");
    const named = alias ? `-${alias}, --${name} ` : ` --${name} `;
    const [, entry = ""] = text.split(named);
    t.ok(text.includes(named), `--${name} in ${group}`);
    if (value) t.ok(entry.startsWith(`${value}: `), `--${name} ${value}`);
    if (fallback) t.ok(entry.split(/ --\w/)[0]?.includes(`[${fallback}]`), `--${name} [${fallback}]`);
  }
  t.match(section("Output").replace(/\s+/g, " "), /-h, --help .* --version /);
});

await t.test("the help has the groups of options in order, then exit statuses and examples", async (t) => {
  const headings = [...help.matchAll(/^(\S.*):$/gm)].map(([, heading]) => heading);
  t.same(headings, ["Election", "Ask", "etcd", "Command", "Output", "Exit status", "Examples"]);
  t.match(help, /^while-leader \[options\] \[--\] command \[args\.\.\.\]\n/);
});

await t.test("the help names every exit status", async (t) => {
  for (const status of Object.values(ExitStatus)) t.match(section("Exit status"), new RegExp(`\\b${status}\\b`));
  t.match(section("Exit status"), /128\+n/);
});

await t.test("the help has an example for Docker, for npx and for a standby", async (t) => {
  const examples = section("Examples");
  t.match(examples, /ENTRYPOINT \["while-leader", .*"--"\]/);
  t.match(examples, /npx while-leader .*--try/);
  t.match(examples, /standby: +while-leader .*--endpoints/);
});

await t.test("the help fits 80 columns and has no trailing space", async (t) => {
  t.same(
    help.split("\n").filter((line) => line.length > 80 || /\s$/.test(line)),
    [],
  );
  t.notMatch(help, /\[(string|boolean|count|number|array)\]|undefined|\n\n\n/);
  t.match(help, /[^\n]\n$/);
});

await t.test("the help is the same in any language and on any terminal", async (t) => {
  const was = { ...process.env };
  t.teardown(() => {
    for (const name of ["LC_ALL", "COLUMNS"]) if (was[name] === undefined) delete process.env[name];
    Object.assign(process.env, was);
  });
  Object.assign(process.env, { LC_ALL: "de_DE.UTF-8", COLUMNS: "40" });
  t.equal(await printedFor("--help"), help);
});

await t.test("help comes before all else but what cannot be read", async (t) => {
  for (const argv of [
    ["-h"],
    ["--help", "--ttl", "abc"],
    ["-n", "jobs", "-h", "--", "true"],
    ["--version", "--help"],
  ]) {
    t.equal(await printedFor(...argv), help, argv.join(" "));
  }
  await t.rejects(printedFor("--", "--help"), { message: "runs --help" });
});

await t.test("help and version go to stdout, with status 0 and nothing on stderr", async (t) => {
  const { version } = JSON.parse(readFileSync(projectPath("package.json"), "utf8")) as { version: string };
  const [helped, versioned, short] = await Promise.all([
    runToEnd(["--help"], { text: true }),
    runToEnd(["--version"], { text: true }),
    runToEnd(["-h", "no-such-command"], { text: true }),
  ]);
  t.match(helped, { code: 0, stdout: help, stderr: "" });
  t.match(versioned, { code: 0, stdout: `while-leader ${version}\n`, stderr: "" });
  t.match(short, { code: 0, stdout: help, stderr: "" });
});

await t.test("help into a pipe that nobody reads, or into nothing, is no failure", async (t) => {
  const sh = (script: string) =>
    runToEnd(["--help"], { text: true, under: ["sh", "-c", script, "sh"] }).then(({ code, stderr }) => ({
      code,
      stderr,
    }));
  const fine = { code: 0, stderr: "" };
  t.same(await Promise.all([sh('"$@" >&-'), sh('"$@" | true'), sh('"$@" >/dev/full')]), [fine, fine, fine]);
});
