// What follows tsc in `npm run build`: of the modules in dist/ it makes the files that are started. To load one file in place of
// hundreds is most of a quick start.
//
//   dist/lib/vendor/NAME.cjs         the packages of others that the module of that name exports
//   dist/lib/program.cjs             the command: all of our own modules
//   dist/lib/guard/guard-main.cjs    the guard
import { execFileSync } from "node:child_process";
import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";
import { etcdProtocol } from "./etcd-protocol.js";
import { lateStringWidth } from "./late-string-width.js";
import { quicker } from "./quicker.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const lib = join(root, "dist/lib");

/** @type {import("esbuild").BuildOptions} */
const OPTIONS = {
  absWorkingDir: root,
  bundle: true,
  platform: "node",
  target: "node20",
  format: "cjs",
  logLevel: "warning",
  minifyWhitespace: true,
  legalComments: "none",
  // Whoever makes a `require` of its own takes a path as well, which costs less than a URL.
  define: { "import.meta.dirname": "__dirname", "import.meta.url": "__filename" },
};

/** yargs takes it for a URL. */
const WITH_URL = {
  define: { "import.meta.url": "moduleUrl" },
  banner: { js: `const moduleUrl = require("node:url").pathToFileURL(__filename).href;` },
};

/** @type {import("esbuild").Plugin} Each vendor's file is one for all who import it. */
const vendorsApart = {
  name: "vendors-apart",
  setup(build) {
    build.onResolve({ filter: /\/vendor\/[^/]+\.js$/ }, ({ path }) => ({
      path: `./vendor/${basename(path, ".js")}.cjs`,
      external: true,
    }));
  },
};

async function bundle(name, options = {}) {
  const [entryPoints, outfile] = [[`dist/lib/${name}.js`], `dist/lib/${name}.cjs`];
  const { metafile } = await esbuild.build({ ...OPTIONS, entryPoints, outfile, metafile: true, ...options });
  // Whose code is in it, for the licences.
  writeFileSync(join(root, `dist/build/${basename(name)}.meta.json`), JSON.stringify(metafile));
  // Nobody shall start what is not shipped.
  rmSync(join(lib, `${name}.js`));
}

const vendors = readdirSync(join(lib, "vendor"))
  .filter((file) => file.endsWith(".js"))
  .map((file) => basename(file, ".js"));
await Promise.all([
  ...vendors.map((name) =>
    bundle(`vendor/${name}`, {
      plugins: [etcdProtocol, lateStringWidth, quicker],
      // Its libraries, one for each kind of machine, cannot be in a bundle; its module that imports finds them by a folder's name alone.
      alias: { koffi: createRequire(import.meta.url).resolve("koffi") },
      external: ["@koromix/*"],
      ...(name === "yargs" && WITH_URL),
    }),
  ),
  // A script that is compiled by hand has no import().
  bundle("program", { plugins: [vendorsApart], supported: { "dynamic-import": false } }),
  bundle("guard/guard-main"),
]);
for (const name of vendors) writeFileSync(join(lib, `vendor/${name}.js`), `export * from "./${name}.cjs";\n`);
execFileSync(process.execPath, [join(root, "build/compile.cjs")], { stdio: "inherit" });
