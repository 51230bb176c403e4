/**
 * From the text of an apt sources file (`*.sources` or `*.list`), the entries of one suite alone, with another suite in
 * its place: same mirror, same components, same keyring. Updates, security and other people's suites fall away.
 */
export function entriesOf(name: string, text: string, suite: string, instead: string): string {
  return name.endsWith(".sources") ? stanzasOf(text, suite, instead) : linesOf(text, suite, instead);
}

function stanzasOf(text: string, suite: string, instead: string): string {
  const suites = /^Suites:(.*)$/im;
  return text
    .split(/\n\s*\n/)
    .filter((stanza) => suites.exec(stanza)?.[1]?.trim().split(/\s+/).includes(suite))
    .map((stanza) => stanza.replace(suites, `Suites: ${instead}`).replace(/^Types:.*$/im, "Types: deb"))
    .map((stanza) => `${stanza.trim()}\n`)
    .join("\n");
}

function linesOf(text: string, suite: string, instead: string): string {
  const entry = /^(\s*deb\s+(?:\[[^\]]*\]\s+)?\S+\s+)(\S+)(\s.*)$/;
  return text
    .split("\n")
    .map((line) => entry.exec(line))
    .filter((parts) => parts?.[2] === suite)
    .map((parts) => `${parts?.[1]}${instead}${parts?.[3]}\n`)
    .join("");
}
