import { COMMAND_STATUS, EXAMPLES, DURATIONS, EXIT_STATUSES, PURPOSE, VARIABLES } from "../lib/help.js";
import { OPTIONS, type Option } from "../lib/options.js";
import { bold, example, heading, italic, paragraph, roff, tagged, withCode } from "./roff.js";
import * as words from "./words.js";

/** Ways to call it, each with its own arguments: what stands bold, and what stands for something else. */
const SYNOPSES: readonly string[] = [
  `[${italic("options")}] [${bold("--")}] ${italic("command")} [${italic("args")}...]`,
  `${bold("-n")} ${italic("NAME")} ${bold("--who")} | ${bold("--watch")} [${bold("--json")}]`,
  `${bold("-n")} ${italic("NAME")} ${bold("--step-down")}`,
  `${bold("--listen")} ${italic("HOST:PORT")} ${bold("--probe")} ${bold("livez")}|${bold("readyz")}`,
];

const OPTION_LIST: readonly Option[] = OPTIONS;

/**
 * The manual page, as man(7) source: from the tables that `--help` is made of, and from words that the pages in `docs/` have
 * too. Sections come in the order of man-pages(7).
 *
 * @param date as in an ISO date, for the footer.
 */
export function manPage({ version, date }: { readonly version: string; readonly date: string }): string {
  return [
    `.TH WHILE\\-LEADER 1 ${date} "while\\-leader ${roff(version)}" "User Commands"`,
    heading("NAME"),
    `while\\-leader \\- ${roff(words.NAME)}`,
    heading("SYNOPSIS"),
    SYNOPSES.map((rest) => `${bold("while-leader")} ${rest}`).join("\n.br\n"),
    heading("DESCRIPTION"),
    roff(PURPOSE),
    paragraph(withCode(words.DESCRIPTION)),
    paragraph(withCode(words.COMMAND)),
    heading("OPTIONS"),
    roff(DURATIONS),
    ...optionGroups(),
    heading("EXIT STATUS"),
    roff(COMMAND_STATUS),
    ...EXIT_STATUSES.map(([status, when]) => tagged(bold(status), roff(when))),
    heading("ENVIRONMENT"),
    roff(VARIABLES),
    withCode(words.ORDER),
    paragraph(withCode(words.PASSWORD)),
    paragraph(withCode(`${words.ENVIRONMENT}. Added are:`)),
    ...words.ADDED.map(([name, value]) => tagged(withCode(name), withCode(value))),
    heading("SIGNALS"),
    ...words.SIGNALS.map(([names, what]) => tagged(withCode(names), withCode(what))),
    paragraph(withCode(`${words.PASSED_ON}.`)),
    heading("CAVEATS"),
    "Two commands can run at once where one of these fails:",
    ...words.ASSUMPTIONS.map((text, index) => tagged(`${index + 1}.`, withCode(text))),
    heading("EXAMPLES"),
    EXAMPLES.map(([what, text]) => `${roff(`${what}:`)}\n${example(text)}`).join("\n.PP\n"),
    heading("SEE ALSO"),
    `${bold("etcdctl")}(1), ${bold("flock")}(1), ${bold("timeout")}(1), ${bold("signal")}(7)`,
    "",
  ].join("\n");
}

function optionGroups(): string[] {
  const groups = [...new Set(OPTION_LIST.map(({ group }) => group))];
  const listed = groups.map((group) => {
    const entries = OPTION_LIST.filter((option) => option.group === group).map(optionEntry);
    return [heading(group.replace(":", ""), "SS"), entries.join("\n")].join("\n");
  });
  return [
    ...listed,
    tagged(`${bold("-h")}, ${bold("--help")}`, "print the options and exit"),
    tagged(bold("--version"), "print the version and exit"),
  ];
}

function optionEntry({ name, alias, value, fallback, describe }: Option): string {
  const flags = [alias && `-${alias}`, `--${name}`].filter((flag) => flag !== undefined).map(bold);
  const tag = [flags.join(", "), value && italic(value)].filter(Boolean).join(" ");
  return tagged(tag, roff(`${describe}${fallback ? ` [${fallback}]` : ""}`));
}
