#!/usr/bin/env node
import fs = require("node:fs");
import path = require("node:path");
import vm = require("node:vm");

// Half of what Node does at a start is to compile what it starts. Every file of ours has beside it what V8 made of it when it was
// built; V8 itself refuses what another version of it has made, and compiles. (As `module.enableCompileCache` of Node 22.1, which
// would have to find a folder to write to.)

const lib = path.join(__dirname, "../lib");
const loaded = new Map<string, unknown>();

load(path.join(lib, "program.cjs"));

function load(file: string): unknown {
  if (loaded.has(file)) return loaded.get(file);
  const parameters = "exports, require, module, __filename, __dirname";
  const script = new vm.Script(`(function (${parameters}) {${fs.readFileSync(file, "latin1")}\n})`, {
    filename: file,
    ...compiled(file),
  });
  const module = { exports: {} };
  const run = script.runInThisContext() as (...values: unknown[]) => void;
  run(module.exports, requireFrom, module, file, path.dirname(file));
  loaded.set(file, module.exports);
  return module.exports;
}

function compiled(file: string): { cachedData?: Buffer } {
  try {
    return { cachedData: fs.readFileSync(`${file}.v8`) };
  } catch {
    return {};
  }
}

/** What is not ours is Node's own, or an optional dependency. */
function requireFrom(name: string): unknown {
  return name.startsWith("./") ? load(path.join(lib, name)) : require(name);
}
