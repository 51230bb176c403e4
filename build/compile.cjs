// Writes beside each file of the command what V8 made of it (`FILE.v8`, which bin/while-leader.cts reads): after a run with an election,
// so that it holds the code of every function that a start needs. V8 takes it from no other version of itself.
const { writeFileSync } = require("node:fs");
const vm = require("node:vm");
const { standIn } = require("./etcd-stand-in.cjs");

const compiled = new Map();

vm.Script = class extends vm.Script {
  constructor(code, options) {
    super(code, { ...options, cachedData: undefined });
    const { filename } = options;
    compiled.set(filename, this);
  }
};

process.on("exit", (status) => {
  for (const [file, script] of compiled) if (status === 0) writeFileSync(`${file}.v8`, script.createCachedData());
});

void standIn().then((endpoint) => {
  const options = ["--quiet", "--election=build", `--endpoints=${endpoint}`, "--wait=20s"];
  process.argv.splice(2, Infinity, ...options, "--", process.execPath, "--eval", "0");
  return require("../dist/bin/while-leader.cjs");
});
