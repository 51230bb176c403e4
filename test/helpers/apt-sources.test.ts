import { test } from "tap";
import { entriesOf } from "./apt-sources.js";

await test("of a .sources file the stanzas of the suite, with the other in its place", async (t) => {
  const text = `# the mirror
Types: deb deb-src
URIs: http://mirror.test/debian
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By: /usr/share/keyrings/some.gpg

Types: deb
URIs: http://mirror.test/security
Suites: bookworm-security
Components: main
`;
  t.equal(
    entriesOf("debian.sources", text, "bookworm", "trixie"),
    `# the mirror
Types: deb
URIs: http://mirror.test/debian
Suites: trixie
Components: main contrib
Signed-By: /usr/share/keyrings/some.gpg
`,
  );
});

await test("of a .list file the lines of the suite, with the other in its place", async (t) => {
  const text = `# deb http://mirror.test/off bookworm main
deb http://mirror.test/debian bookworm main contrib
deb [arch=amd64 signed-by=/usr/share/keyrings/some.gpg] http://mirror.test/more bookworm main # why
deb-src http://mirror.test/debian bookworm main
deb http://mirror.test/debian bookworm-updates main
deb http://mirror.test/security bookworm-security main
`;
  t.equal(
    entriesOf("sources.list", text, "bookworm", "trixie"),
    `deb http://mirror.test/debian trixie main contrib
deb [arch=amd64 signed-by=/usr/share/keyrings/some.gpg] http://mirror.test/more trixie main # why
`,
  );
});

await test("a file without the suite gives nothing", async (t) => {
  t.equal(entriesOf("a.sources", "Types: deb\nSuites: stable\n", "bookworm", "trixie"), "");
  t.equal(entriesOf("a.list", "deb http://mirror.test/debian stable main\n", "bookworm", "trixie"), "");
  t.equal(entriesOf("a.sources", "", "bookworm", "trixie"), "");
});
