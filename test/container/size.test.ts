import { readFileSync } from "node:fs";
import t from "tap";
import { projectPath } from "../helpers/paths.js";
import { until } from "../helpers/until.js";
import { Container } from "./container.js";
import { buildImage, docker, IMAGES } from "./engine.js";

const PAGE = readFileSync(projectPath("docs/container.md"), "utf8");
const PROGRAM = ["/usr/local/bin/node", "/opt/while-leader/dist/bin/while-leader.cjs"];
const LEAST = "while-leader-test/least";
/** Another Node of the same major, or another release of a dependency, is no news. */
const TOLERANCE = 0.15;

await t.test("what is added to an image is as large as docs/container.md says", async (t) => {
  const parts = { Node: "/usr/local/bin/node", "`while-leader`": "/opt/while-leader" };
  for (const [name, path] of Object.entries(parts)) {
    const du = await docker("run", "--rm", "--network", "none", "--entrypoint", "du", IMAGES.example, "-sb", path);
    isAbout(t, told(name), Number.parseInt(du, 10) / 1e6, name);
  }
});

await t.test(
  "the least image, of a Dockerfile from scratch, is a candidate like any other, and as large as told",
  async (t) => {
    await buildLeast();
    isAbout(
      t,
      told("all of the image from scratch"),
      Number(await docker("image", "inspect", "--format", "{{.Size}}", LEAST)) / 1e6,
      LEAST,
    );
    const flags = ["--network", "none", "--read-only", "--cap-drop", "ALL"];
    const box = new Container(t, "host", { image: LEAST, flags });
    await box.event("started");
    t.notOk(
      box.events.some(({ event }) => event === "no-reaper"),
      "koffi is there, and finds its libraries",
    );
    const page = "fetch('http://127.0.0.1:8080').then((r) => r.text()).then(console.log, () => {})";
    const answer = async () => (await box.exec("/usr/local/bin/node", "-e", page)).stdout;
    t.equal(await until("the server to answer", answer, { timeoutMs: 60_000 }), "least\n\n");
    t.match(await box.exec(...PROGRAM, "--probe", "readyz"), { code: 0 });
    await box.stop();
    t.equal(await box.status(), 143);
  },
);

async function buildLeast(): Promise<void> {
  const folder = projectPath("examples/scratch");
  await buildImage(LEAST, `${folder}/Dockerfile`, folder, ["--build-arg", `EXAMPLE=${IMAGES.example}`]);
}

/** The megabytes that the page's table tells of something. */
function told(name: string): number {
  const row = PAGE.split("\n").find((line) => line.startsWith(`| ${name} `));
  return Number(/\| (\d+(?:\.\d+)?) MB/.exec(row ?? "")?.[1]);
}

function isAbout(t: { ok(is: boolean, why: string): unknown }, expected: number, actual: number, what: string): void {
  t.ok(Math.abs(actual - expected) <= expected * TOLERANCE, `${what}: ${actual.toFixed(1)} MB, told ${expected} MB`);
}
