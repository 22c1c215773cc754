// Memory does not grow with a package: one that unpacks to 400 MB passes through a spool file (src/build/unpack.ts).
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { openWorkplace, type ProgramOptions, startNode, type Workplace } from "../kit/build.ts";
import { type DebSpec, makeDeb } from "../kit/deb.ts";
import { needs } from "../kit/oracle.ts";
import { createSigner, type Signer } from "../kit/repository.ts";
import { noise } from "./shop.ts";

const mebibyte = 1 << 20;
const contentMib = 400;
/** Of issue 2. Less than the package's content, so whoever keeps it in memory is found out. */
const boundMib = 350;

describe("a build", needs("gpg", "taskset", "/proc/self/status"), () => {
  const signer: Signer = createSigner("archive");
  after(() => signer.close());

  for (const compression of ["gzip", "zstd"] as const) {
    test(`of a package of ${contentMib} MiB needs less than ${boundMib}, ${compression}`, async (t) => {
      const place = await openWorkplace(t, { signer, suites: { trixie: [huge()] } });
      const script = join(place.folder, "build.mjs");
      writeFileSync(script, measuring(place, compression));
      const { status, stdout, stderr } = await startNode([script], twoProcessors(place.folder)).ended;
      assert.equal(status, 0, stderr);
      const { layerBytes, rssMib } = JSON.parse(stdout) as { readonly layerBytes: number; readonly rssMib: number };
      assert.ok(layerBytes > 16 * mebibyte);
      t.diagnostic(`${rssMib} MiB at most`);
      assert.ok(rssMib < boundMib, `it took ${rssMib} MiB`);
      for (const { path, content } of files) {
        assert.ok(readFileSync(join(place.out("root"), path)).equals(content), path);
      }
    });
  }
});

/** Memory grows with threads, and there is one for each processor. */
const twoProcessors = (cwd: string): ProgramOptions => ({ cwd, before: "exec taskset -c 0,1" });

/** Mostly zeros, which go fast, and some noise; large files and small ones between them, some at the edge of a buffer. */
const large = Buffer.concat([Buffer.alloc(96 * mebibyte), noise(4 * mebibyte)]);
const files = ["a", "b", "c", "d"].flatMap((name, at) => [
  { path: `usr/share/huge/${name}`, content: large.subarray(at) },
  { path: `usr/share/huge/${name}-edge`, content: Buffer.from(noise((64 << 10) + at - 2, at)) },
  { path: `usr/share/huge/${name}-small`, content: Buffer.from(`small ${name}\n`) },
]);

function huge(): DebSpec {
  const deb = makeDeb({ name: "huge", tree: files, compression: "zstd" });
  return { name: "huge", spoil: () => deb };
}

/** getrusage(2) would tell the largest of the process that started this one too (Linux keeps it across exec); VmHWM is its own. */
function measuring({ cache, recipe, out }: Workplace, compression: string): string {
  return `
import { readFileSync } from "node:fs";
import { build } from ${JSON.stringify(new URL("../../src/build/build.ts", import.meta.url).href)};
const options = {
  recipe: ${JSON.stringify(recipe)},
  cacheDirectory: ${JSON.stringify(cache)},
  hostRoot: "",
  compression: ${JSON.stringify(compression)},
};
const { platforms } = await build({ ...options, outputs: [{ kind: "oci", destination: ${JSON.stringify(out("image.tar"))} }] });
const layerBytes = platforms[0].layers[0].sizeBytes;
const [, kib] = /^VmHWM:\\s+(\\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8"));
await build({ ...options, outputs: [{ kind: "dir", destination: ${JSON.stringify(out("root"))} }] });
process.stdout.write(JSON.stringify({ layerBytes, rssMib: Math.round(kib / 1024) }));
`;
}
