/** @type {import("esbuild").Plugin} yargs measures text for --help alone; what measures it takes longer to load than all of yargs. */
export const lateStringWidth = {
  name: "late-string-width",
  setup(build) {
    build.onResolve({ filter: /^string-width$/ }, async ({ path, importer, resolveDir, kind, pluginData }) => {
      if (pluginData === "itself") return undefined;
      const { path: real } = await build.resolve(path, { importer, resolveDir, kind, pluginData: "itself" });
      return { path: real, namespace: "late" };
    });
    build.onLoad({ filter: /./, namespace: "late" }, ({ path }) => ({
      contents: `export default (...text) => require(${JSON.stringify(path)}).default(...text);`,
      resolveDir: "/",
    }));
  },
};
