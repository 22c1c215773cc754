import assert from "node:assert/strict";
import { describe, it, test } from "node:test";
import { type DiffId, sha256 } from "../../src/core/digest.ts";
import { parseImageName } from "../../src/core/image-name.ts";
import { parsePlatform } from "../../src/core/platform.ts";
import type { RecipeConfig } from "../../src/core/recipe.ts";
import { bundleImages, rootDocument } from "../../src/image/bundle.ts";
import { formatEnvironment, formatPort } from "../../src/image/config.ts";
import { formatEpoch } from "../../src/image/epoch.ts";
import { type Image, makeImage } from "../../src/image/image.ts";
import type { Layer } from "../../src/image/layer.ts";
import { layerMediaType } from "../../src/image/media-types.ts";
import { validateImage } from "../../src/image/validate.ts";
import { schemaFaults } from "../kit/json-schema.ts";
import { fixture, needs } from "../kit/oracle.ts";

const schemas = fixture("oci/image-spec/opencontainers+image-spec/schema");
const epoch = 1767323045;

const layer = (createdBy: string, compression: "gzip" | "zstd" = "gzip"): Layer => ({
  mediaType: layerMediaType(compression),
  digest: sha256(createdBy),
  sizeBytes: 100,
  diffId: sha256(`${createdBy} as tar`) as string as DiffId,
  uncompressedBytes: 10240,
  createdBy,
});

const full: RecipeConfig = {
  entrypoint: ["/usr/bin/app"],
  cmd: ["--help"],
  env: { ZONE: "UTC", PATH: "/usr/bin", ALPHA: "1" },
  user: "nonroot:nonroot",
  workdir: "/home/nonroot",
  labels: { b: "2", a: "1" },
  annotations: { "org.opencontainers.image.licenses": "MIT" },
  ports: ["53/udp", "8080"],
  volumes: ["/data"],
  stopSignal: "SIGTERM",
};

const imageOf = (settings: RecipeConfig, platform = "linux/amd64"): Image =>
  makeImage({
    platform: parsePlatform(platform),
    epoch,
    settings,
    layers: [layer("80 packages"), layer("package database", "zstd")],
    facts: { title: "app", version: "1.2", baseName: "docker.io/library/debian:trixie" },
  });

test("the config holds what the recipe says", () => {
  assert.deepEqual(JSON.parse(imageOf(full, "linux/arm/v7").config.text), {
    architecture: "arm",
    variant: "v7",
    os: "linux",
    created: "2026-01-02T03:04:05Z",
    config: {
      Entrypoint: ["/usr/bin/app"],
      Cmd: ["--help"],
      Env: ["PATH=/usr/bin", "ALPHA=1", "ZONE=UTC"],
      User: "nonroot:nonroot",
      WorkingDir: "/home/nonroot",
      Labels: { a: "1", b: "2" },
      ExposedPorts: { "53/udp": {}, "8080/tcp": {} },
      Volumes: { "/data": {} },
      StopSignal: "SIGTERM",
    },
    rootfs: { type: "layers", diff_ids: [sha256("80 packages as tar"), sha256("package database as tar")] },
    history: [
      { created: "2026-01-02T03:04:05Z", created_by: "80 packages" },
      { created: "2026-01-02T03:04:05Z", created_by: "package database" },
    ],
  });
});

test("settings that say nothing leave nothing in the config", () => {
  const empty = { entrypoint: [], cmd: [], env: {}, labels: {}, ports: [], volumes: [], user: "", workdir: "" };
  assert.deepEqual(JSON.parse(imageOf(empty).config.text).config, {});
  assert.equal(imageOf(empty).manifest.digest, imageOf({}).manifest.digest);
});

test("the manifest points at config and layers, and carries the annotations", () => {
  const { config, manifest } = imageOf(full);
  assert.deepEqual(JSON.parse(manifest.text), {
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    config: { mediaType: "application/vnd.oci.image.config.v1+json", digest: config.digest, size: config.sizeBytes },
    layers: [
      { mediaType: "application/vnd.oci.image.layer.v1.tar+gzip", digest: sha256("80 packages"), size: 100 },
      { mediaType: "application/vnd.oci.image.layer.v1.tar+zstd", digest: sha256("package database"), size: 100 },
    ],
    annotations: {
      "org.opencontainers.image.base.name": "docker.io/library/debian:trixie",
      "org.opencontainers.image.created": "2026-01-02T03:04:05Z",
      "org.opencontainers.image.licenses": "MIT",
      "org.opencontainers.image.title": "app",
      "org.opencontainers.image.version": "1.2",
    },
  });
});

test("the order in which settings are written does not matter", () => {
  const turned = Object.fromEntries(Object.entries(full).toReversed()) as RecipeConfig;
  const env = Object.fromEntries(Object.entries(full.env ?? {}).toReversed());
  assert.equal(imageOf({ ...turned, env }).config.text, imageOf(full).config.text);
});

test("several platforms are under one index, in their order", () => {
  const images = [imageOf(full, "linux/arm64"), imageOf(full, "linux/arm/v7")] as const;
  const parsed = JSON.parse(rootDocument(bundleImages(images as never)).text);
  assert.deepEqual(
    parsed.manifests.map((one: { readonly platform: unknown }) => one.platform),
    [
      { architecture: "arm64", os: "linux" },
      { architecture: "arm", os: "linux", variant: "v7" },
    ],
  );
  assert.equal(parsed.annotations["org.opencontainers.image.created"], "2026-01-02T03:04:05Z");
});

test("an image without layers, and one of 128, is refused", () => {
  const options = { platform: parsePlatform("amd64"), epoch, settings: {} };
  assert.throws(() => makeImage({ ...options, layers: [] }), { code: "RECIPE_SYNTAX" });
  const layers = Array.from({ length: 128 }, (_, at) => layer(`layer ${at}`));
  assert.throws(() => makeImage({ ...options, layers }), { code: "RECIPE_SYNTAX" });
});

test("a bundle's name has no digest", () => {
  const name = parseImageName(`app@sha256:${"0".repeat(64)}`);
  assert.throws(() => bundleImages([imageOf(full)] as never, [name]), { code: "IMAGE_NAME_SYNTAX" });
});

const ports: readonly (readonly [string, string | undefined])[] = [
  ["80", "80/tcp"],
  ["080", "80/tcp"],
  ["53/udp", "53/udp"],
  ["65535/sctp", "65535/sctp"],
  ["0", undefined],
  ["65536", undefined],
  ["80/TCP", undefined],
  ["80-90", undefined],
  ["", undefined],
];
for (const [port, wanted] of ports) {
  test(`port "${port}" ${wanted ? `is ${wanted}` : "is refused"}`, () => {
    if (wanted) assert.equal(formatPort(port), wanted);
    else assert.throws(() => formatPort(port), { code: "RECIPE_SYNTAX" });
  });
}

test("a variable's name is not empty and has no =", () => {
  for (const name of ["", "A=B", "A\0"])
    assert.throws(() => formatEnvironment({ [name]: "x" }), { code: "RECIPE_SYNTAX" });
});

test("times are whole seconds of years 1970 to 9999", () => {
  assert.equal(formatEpoch(0), "1970-01-01T00:00:00Z");
  assert.equal(formatEpoch(253402300799), "9999-12-31T23:59:59Z");
  for (const wrong of [-1, 0.5, 253402300800, Number.NaN]) assert.throws(() => formatEpoch(wrong), RangeError);
});

test("documents fit the schemas of the image-spec", needs(schemas), () => {
  const images = [imageOf(full), imageOf({}, "linux/arm64")] as const;
  for (const { config, manifest } of images) {
    assert.deepEqual(schemaFaults(`${schemas}/config-schema.json`, JSON.parse(config.text)), []);
    assert.deepEqual(schemaFaults(`${schemas}/image-manifest-schema.json`, JSON.parse(manifest.text)), []);
  }
  const index = JSON.parse(rootDocument(bundleImages(images as never)).text);
  assert.deepEqual(schemaFaults(`${schemas}/image-index-schema.json`, index), []);
  assert.notDeepEqual(schemaFaults(`${schemas}/image-index-schema.json`, { ...index, manifests: [{}] }), []);
});

describe("validateImage", () => {
  const { manifest, config } = imageOf(full);
  const good = { manifest: manifest.text, config: config.text };
  const change = (text: string, from: string, to: string): string => {
    assert.ok(text.includes(from));
    return text.replace(from, to);
  };

  it("finds nothing wrong with our own", () => assert.deepEqual(validateImage(good), []));

  const broken: readonly { readonly name: string; readonly texts: typeof good; readonly fault: RegExp }[] = [
    { name: "text that is not JSON", texts: { ...good, manifest: "{" }, fault: /^manifest: it is not JSON/ },
    { name: "a list", texts: { ...good, config: "[]" }, fault: /^config: it is not a JSON object/ },
    {
      name: "another config",
      texts: { ...good, config: change(good.config, "amd64", "arm64") },
      fault: /^manifest\.config\.digest/,
    },
    {
      name: "version 1",
      texts: { ...good, manifest: change(good.manifest, '"schemaVersion":2', '"schemaVersion":1') },
      fault: /schemaVersion/,
    },
    {
      name: "a foreign layer",
      texts: { ...good, manifest: change(good.manifest, "tar+gzip", "tar+lzip") },
      fault: /^manifest\.layers\[0\]\.mediaType/,
    },
    {
      name: "a negative size",
      texts: { ...good, manifest: change(good.manifest, '"size":100', '"size":-1') },
      fault: /^manifest\.layers\[0\]\.size/,
    },
    {
      name: "a layer without diffId",
      texts: { ...good, config: change(good.config, `"${sha256("80 packages as tar")}",`, "") },
      fault: /diff_ids: there are 1 for 2/,
    },
    {
      name: "a history that is too short",
      texts: { ...good, config: change(good.config, '"created_by":"80 packages"', '"empty_layer":true') },
      fault: /^config\.history: 1 entries/,
    },
    {
      name: "a broken time",
      texts: { ...good, config: change(good.config, '"2026-01-02T03:04:05Z","history"', '"today","history"') },
      fault: /^config\.created/,
    },
    {
      name: "a variable without =",
      texts: { ...good, config: change(good.config, "ALPHA=1", "ALPHA") },
      fault: /^config\.config\.Env\[1\]/,
    },
    {
      name: "a label that is a number",
      texts: { ...good, config: change(good.config, '"a":"1"', '"a":1') },
      fault: /^config\.config\.Labels\.a/,
    },
  ];
  for (const { name, texts, fault } of broken) {
    it(`tells ${name}`, () => assert.match(validateImage(texts).join("\n"), new RegExp(fault.source, "m")));
  }

  it("tells every fault at once", () => assert.ok(validateImage({ manifest: "{}", config: "{}" }).length >= 7));
});
