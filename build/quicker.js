import { readFile } from "node:fs/promises";

/** What packages spend time on at each start that nobody here wants, and what to put in its place. */
const PLACES = [
  {
    // It has Node open stdin.
    file: /\/execa\/lib\/utils\/standard-stream\.js$/,
    text: "[process.stdin, process.stdout, process.stderr]",
    instead: `Object.defineProperties([], {
      0: { get: () => process.stdin },
      1: { get: () => process.stdout },
      2: { get: () => process.stderr },
    })`,
  },
  { file: /\/execa\/index\.js$/, text: "= createExeca(", instead: "= /* @__PURE__ */ createExeca(" },
  {
    // Node compiles a regular expression for it, 8 ms long; these are addresses for certain.
    file: /\/grpc-js\/build\/src\/(load-balancer-pick-first|subchannel-address)\.js$/,
    text: "(0, net_1.isIPv6)(",
    instead: `((address) => address.includes(":"))(`,
  },
  { file: /\/human-signals\/build\/src\/main\.js$/, text: "=getSignals", instead: "= /* @__PURE__ */ getSignals" },
];

/** @type {import("esbuild").Plugin} */
export const quicker = {
  name: "quicker",
  setup(build) {
    for (const { file, text, instead } of PLACES)
      build.onLoad({ filter: file }, async ({ path }) => {
        const contents = await readFile(path, "utf8");
        if (!contents.includes(text)) throw new Error(`${path} has changed: it should hold ${text}`);
        return { contents: contents.replaceAll(text, instead) };
      });
  },
};
