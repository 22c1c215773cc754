// Compiles one index in a process of its own, as a first build does.
//
//     node bench/compile-index.ts DIST PACKAGES[.xz] TARGET
import { createReadStream, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [dist = "", source = "", target = ""] = process.argv.slice(2);
type Compiler = typeof import("../src/packages/deb/index-compile.ts");
type Decompressor = typeof import("../src/archive/decompress.ts");
const load = (path: string): Promise<unknown> => import(pathToFileURL(join(dist, path)).href);

const { compileIndex } = (await load("packages/deb/index-compile.js")) as Compiler;
const bytes = createReadStream(source, { highWaterMark: 1 << 20 });
const isPacked = source.endsWith(".xz");
const { decompress } = isPacked ? ((await load("archive/decompress.js")) as Decompressor) : { decompress: undefined };
const text = decompress ? decompress(bytes, { compression: "xz", maxBytes: 1 << 30, what: source }) : bytes;
writeFileSync(target, await compileIndex(text));
