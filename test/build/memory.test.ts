// Memory does not grow with a package: one that unpacks to 400 MB passes through a spool file (src/build/unpack.ts).
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
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
    });
  }
});

/** Memory grows with threads, and there is one for each processor. */
const twoProcessors = (cwd: string): ProgramOptions => ({ cwd, before: "exec taskset -c 0,1" });

/** Mostly zeros, which go fast, and some noise, so that it is no less to write than to read; in files of both kinds. */
function huge(): DebSpec {
  const zeros = Buffer.alloc(96 * mebibyte);
  const some = noise(4 * mebibyte);
  const content = Buffer.concat([zeros, some]);
  const tree = ["a", "b", "c", "d"].map((name) => ({ path: `usr/share/huge/${name}`, content }));
  const deb = makeDeb({ name: "huge", tree, compression: "zstd" });
  return { name: "huge", spoil: () => deb };
}

/** getrusage(2) would tell the largest of the process that started this one too (Linux keeps it across exec); VmHWM is its own. */
function measuring({ cache, recipe, out }: Workplace, compression: string): string {
  return `
import { readFileSync } from "node:fs";
import { build } from ${JSON.stringify(new URL("../../src/build/build.ts", import.meta.url).href)};
const { platforms } = await build({
  recipe: ${JSON.stringify(recipe)},
  cacheDirectory: ${JSON.stringify(cache)},
  hostRoot: "",
  compression: ${JSON.stringify(compression)},
  outputs: [{ kind: "oci", destination: ${JSON.stringify(out("image.tar"))} }],
});
const layerBytes = platforms[0].layers[0].sizeBytes;
const [, kib] = /^VmHWM:\\s+(\\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8"));
process.stdout.write(JSON.stringify({ layerBytes, rssMib: Math.round(kib / 1024) }));
`;
}
