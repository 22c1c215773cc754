// Images of other projects' tests, whole and broken: shown, copied and built upon, or refused with the same code by each.
import assert from "node:assert/strict";
import { globSync } from "node:fs";
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { copyImage } from "../../src/build/copy.ts";
import { inspectImage } from "../../src/build/inspect.ts";
import { parsePlatform } from "../../src/core/platform.ts";
import { fixture, needs } from "../kit/oracle.ts";
import { openWorld } from "./dockerfile/world.ts";

const place = fixture("oci");
const ggcr = "ggcr/google+go-containerregistry/pkg";
const hostPlatform = parsePlatform("amd64");

/** What is wrong with it, and the code that says so. `inspect` reads no layers, and so sees less. */
interface Row {
  readonly path: string;
  readonly wrong?: string;
  readonly code?: string;
  readonly shown?: true;
}

const rows: readonly Row[] = [
  { path: `${ggcr}/v1/tarball/testdata/test_image_1.tar` },
  { path: `${ggcr}/v1/tarball/testdata/test_load_manifest.tar` },
  { path: `${ggcr}/v1/mutate/testdata/whiteout_image.tar` },
  { path: `${ggcr}/v1/tarball/testdata/no_manifest.tar`, wrong: "no manifest", code: "IMAGE_BROKEN" },
  {
    path: `${ggcr}/v1/mutate/testdata/source_image_with_empty_layer_history.tar`,
    wrong: "a config that is not what its name says",
    code: "DIGEST_MISMATCH",
  },
  {
    path: `${ggcr}/v1/layout/testdata/test_gc_image_unknown_mediatype`,
    wrong: "a manifest that is not there",
    code: "IMAGE_BROKEN",
  },
  { path: `${ggcr}/v1/layout/testdata/test_gc_index`, wrong: "no index", code: "IMAGE_BROKEN" },
  { path: `${ggcr}/v1/layout/testdata/test_index`, wrong: "no index", code: "IMAGE_BROKEN" },
  {
    path: `${ggcr}/v1/layout/testdata/test_index_media_type`,
    wrong: "a manifest that is not there",
    code: "IMAGE_BROKEN",
  },
  {
    path: `${ggcr}/v1/layout/testdata/test_index_one_image`,
    wrong: "a layer that is not there",
    code: "IMAGE_BROKEN",
    shown: true,
  },
  { path: `${ggcr}/crane/testdata/content.tar`, wrong: "a root and no image", code: "IMAGE_BROKEN" },
  { path: `${ggcr}/crane/testdata/content.tar.zst`, wrong: "a root and no image", code: "IMAGE_BROKEN" },
  {
    path: "busybox-layouts/docker-library+busybox/latest-1/glibc/amd64",
    wrong: "links that lost their blobs",
    code: "IMAGE_BROKEN",
  },
];

interface Verb {
  readonly name: string;
  readonly act: (path: string) => Promise<unknown>;
}

const verbs: readonly Verb[] = [
  {
    name: "inspect",
    act: async (path) => {
      using world = openWorld({});
      const image = { kind: "file", path } as const;
      return await inspectImage({ image, hostPlatform, cacheDirectory: join(world.folder, "cache") });
    },
  },
  {
    name: "copy",
    act: async (path) => {
      using world = openWorld({});
      const image = { kind: "file", path } as const;
      const outputs = [{ kind: "oci-layout", destination: join(world.folder, "copy") } as const];
      return await copyImage({ image, hostPlatform, cacheDirectory: join(world.folder, "cache"), outputs });
    },
  },
  {
    name: "FROM",
    act: async (path) => {
      using world = openWorld({ f: "f" });
      const options = { platforms: [hostPlatform] };
      await cp(path, join(world.folder, "base"), { recursive: true });
      return await (await world.build("FROM ../base\nCOPY f /\n", options)).root();
    },
  },
];

describe("images of others' tests", needs(join(place, ggcr)), () => {
  for (const { path, wrong, code, shown = false } of rows) {
    for (const { name, act } of verbs) {
      if (code === undefined || (shown && name === "inspect")) {
        it(`${name} takes ${path}`, async () => void (await act(join(place, path))));
      } else {
        it(`${name} refuses ${path}, which has ${wrong}`, () => assert.rejects(act(join(place, path)), { code }));
      }
    }
  }

  it("are all in the table", () => {
    const archives = globSync("**/*.{tar,tar.zst}", { cwd: place });
    const layouts = globSync("**/{index.json,blobs}", { cwd: place }).map((path) => join(path, ".."));
    const found = [...new Set([...archives, ...layouts])].filter((path) => !path.startsWith("image-spec"));
    assert.deepEqual(found.toSorted(), rows.map(({ path }) => path).toSorted());
  });
});
