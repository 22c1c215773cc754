// What was built last under a name.
import assert from "node:assert/strict";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, describe, it, type TestContext } from "node:test";
import { build } from "../../src/build/build.ts";
import { findBuilt, keepBuiltNames } from "../../src/build/built-names.ts";
import type { Output } from "../../src/build/contract.ts";
import { sha256 } from "../../src/core/digest.ts";
import { openStore } from "../../src/io/store.ts";
import { openWorkplace } from "../kit/build.ts";
import { needs } from "../kit/oracle.ts";
import { createSigner, type Signer } from "../kit/repository.ts";
import { temporaryFolder } from "../kit/temporary.ts";
import { shop } from "./shop.ts";

const digest = sha256("image");
const placeOf = async (name: string, cache: string): Promise<string | undefined> =>
  (await findBuilt(name, cache))?.place;

/** A cache, and a function that makes outputs and keeps them under names. */
async function openPlace(t: TestContext) {
  const folder = await temporaryFolder(t);
  const cache = join(folder, "cache");
  const keep = async (names: readonly string[], outputs: readonly Output[]): Promise<void> => {
    for (const { destination } of outputs) await writeFile(destination, "");
    await keepBuiltNames(names, { outputs, digest }, await openStore(cache));
  };
  const output = (kind: Output["kind"], name: string): Output => ({ kind, destination: join(folder, name) });
  return { folder, cache, keep, output };
}

describe("a name", () => {
  const same = [
    { kept: "debian", asked: "docker.io/library/debian:latest" },
    { kept: "registry.example:5000/team/app:1", asked: "registry.example:5000/team/app:1" },
    { kept: "No Image's Name", asked: "No Image's Name" },
  ];
  for (const { kept, asked } of same) {
    it(`"${kept}" is found as "${asked}"`, async (t) => {
      const { cache, keep, output } = await openPlace(t);
      await keep([kept], [output("oci", "a.tar")]);
      assert.equal(await placeOf(asked, cache), output("oci", "a.tar").destination);
    });
  }

  it("is not found where nothing was built, and no cache is made", async (t) => {
    const { cache } = await openPlace(t);
    assert.equal(await placeOf("debian", cache), undefined);
    await assert.rejects(writeFile(join(cache, "x"), ""), { code: "ENOENT" });
  });

  it("stands for the last build", async (t) => {
    const { cache, keep, output } = await openPlace(t);
    await keep(["a"], [output("oci", "1.tar")]);
    await keep(["a", "b"], [output("oci", "2.tar")]);
    assert.equal(await placeOf("a", cache), output("oci", "2.tar").destination);
  });

  it("stands for the best output that is still there", async (t) => {
    const { cache, keep, output } = await openPlace(t);
    await keep(["a"], [output("context", "c"), output("tar", "r.tar"), output("oci", "o.tar")]);
    assert.equal(await placeOf("a", cache), output("oci", "o.tar").destination);
    await rm(output("oci", "o.tar").destination);
    assert.equal(await placeOf("a", cache), output("tar", "r.tar").destination);
    await rm(output("tar", "r.tar").destination);
    assert.equal(await placeOf("a", cache), undefined);
  });
});

describe("a build", needs("gpg"), () => {
  const signer: Signer = createSigner("archive");
  after(() => signer.close());

  it("is found by its recipe's name and by each of its own", async (t) => {
    const place = await openWorkplace(t, { signer, suites: { trixie: shop } });
    const output: Output = { kind: "oci", destination: place.out("image.tar") };
    const { digest: built } = await build(place.options({ outputs: [output], names: ["team/app:1"] }));
    for (const name of ["team/app:1", place.recipe.name]) {
      assert.deepEqual(await findBuilt(name, place.cache), { place: output.destination, digest: built });
    }
  });
});
