import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import protobuf from "protobufjs";
import pbjs from "protobufjs-cli/pbjs.js";

/** What `Raw` in lib/etcd/channel.ts has of etcd3. */
const METHODS = {
  KV: ["Range", "Txn"],
  Lease: ["LeaseGrant", "LeaseRevoke", "LeaseKeepAlive", "LeaseTimeToLive"],
  Watch: ["Watch"],
  Auth: ["Authenticate"],
};

const require = createRequire(import.meta.url);
const protos = require.resolve("etcd3/package.json").replace("package.json", "proto/");

/**
 * etcd3 reads etcd's protocol from .proto files when it is loaded, and protobufjs writes the code for each message when that is used
 * first: half of the time to the first answer. Here both is done when we are built.
 *
 * @type {import("esbuild").Plugin}
 */
export const etcdProtocol = {
  name: "etcd-protocol",
  setup(build) {
    build.onResolve({ filter: /^@grpc\/proto-loader$/ }, ({ importer }) => ({
      // Of grpc itself only a server would want it, to tell of itself.
      path: importer.includes("/etcd3/") ? "services" : "nothing",
      namespace: "etcd-protocol",
    }));
    build.onResolve({ filter: /^messages$/ }, () => ({ path: "messages", namespace: "etcd-protocol" }));
    const modules = { messages, services, nothing: () => "" };
    build.onLoad({ filter: /./, namespace: "etcd-protocol" }, async ({ path }) => ({
      contents: await modules[path](),
      resolveDir: import.meta.dirname,
    }));
    // It compiles WebAssembly for this, 30 ms long; it does without where there is none.
    build.onLoad({ filter: /\/long\/umd\/index\.js$/ }, async ({ path }) => ({
      contents: `var WebAssembly;\n${await readFile(path, "utf8")}`,
    }));
  },
};

/** The code for every message of those methods. */
async function messages() {
  const folder = await mkdtemp(join(tmpdir(), "etcd-protocol-"));
  try {
    const filter = join(folder, "filter.json");
    await writeFile(filter, JSON.stringify({ messageNames: methods().flatMap(({ types }) => types) }));
    const without = ["create", "verify", "delimited", "typeurl", "service", "comments"].map((what) => `--no-${what}`);
    const options = ["--target=static-module", "--wrap=es6", "--keep-case", ...without, `--filter=${filter}`];
    return await promisify(pbjs.main)([...options, `--path=${protos}`, `${protos}rpc.proto`]);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** What etcd3 gets from `loadSync`: grpc's definition of each service, as far as it goes. */
function services() {
  const definitions = methods().map(
    ({ service, name, types, requestStream, responseStream }) => `
      (services["${service}"] ??= {})["${name}"] = {
        path: "/${service}/${name}",
        originalName: "${name[0].toLowerCase()}${name.slice(1)}",
        requestStream: ${requestStream ?? false},
        responseStream: ${responseStream ?? false},
        requestSerialize: serialize(${types[0]}),
        requestDeserialize: deserialize(${types[0]}),
        responseSerialize: serialize(${types[1]}),
        responseDeserialize: deserialize(${types[1]}),
      };`,
  );
  return `
    import { etcdserverpb } from "messages";
    // As etcd3 asks proto-loader for it.
    const conversion = { longs: String, enums: String, defaults: true, oneofs: true };
    const serialize = (type) => (message) => type.encode(type.fromObject(message)).finish();
    const deserialize = (type) => (bytes) => type.toObject(type.decode(bytes), conversion);
    const services = {};
    ${definitions.join("")}
    export const loadSync = () => services;`;
}

function methods() {
  const protocol = new protobuf.Root();
  protocol.resolvePath = (_origin, target) => protos + target.split("/").at(-1);
  protocol.loadSync("rpc.proto", { keepCase: true }).resolveAll();
  return Object.entries(METHODS).flatMap(([name, names]) => {
    const service = protocol.lookupService(`etcdserverpb.${name}`);
    return names.map((method) => {
      const { resolvedRequestType, resolvedResponseType, requestStream, responseStream } = service.methods[method];
      const types = [resolvedRequestType, resolvedResponseType].map(({ fullName }) => fullName.slice(1));
      return { service: service.fullName.slice(1), name: method, types, requestStream, responseStream };
    });
  });
}
