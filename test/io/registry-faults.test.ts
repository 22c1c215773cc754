import assert from "node:assert/strict";
import type { IncomingMessage, ServerResponse } from "node:http";
import { describe, it, type TestContext, test } from "node:test";
import { type Bytes, bytesOf, collect } from "../../src/core/bytes.ts";
import { sha256 } from "../../src/core/digest.ts";
import { parseImageName } from "../../src/core/image-name.ts";
import { bundleSource } from "../../src/image/bundle-source.ts";
import { type ImageGraph, readImageGraph } from "../../src/image/image-graph.ts";
import type { ImageSource } from "../../src/image/image-source.ts";
import type { Pushed } from "../../src/io/registry-push.ts";
import { bodyOf, type FakeOptions, type FakeRegistry, reply, startFakeRegistry } from "../kit/fake-registry.ts";
import { makeBundle, makeLayer } from "../kit/image.ts";
import { sendBytes, startLoopback } from "../kit/loopback.ts";
import { type ClientOptions, registryClient } from "../kit/registry.ts";

/** Bytes that no two chunks of are alike. */
const content = Buffer.from(Array.from({ length: 300_000 }, (_, at) => (at * 2654435761) >>> 24));
const layer = makeLayer("content", content, "none");
const bundle = makeBundle({ layers: [layer] });
const layerPath = `/v2/app/blobs/${layer.digest}`;

type Instead = NonNullable<FakeOptions["instead"]>;

/** A registry that has the image as app:1 already. */
async function filled(t: TestContext, instead?: Instead): Promise<FakeRegistry> {
  const server = await startFakeRegistry(t, instead === undefined ? {} : { instead });
  const [image] = bundle.images;
  const manifest = { type: image.manifest.mediaType, bytes: Buffer.from(image.manifest.text) };
  server.manifests.set("1", manifest).set(image.manifest.digest, manifest);
  server.blobs.set(image.config.digest, Buffer.from(image.config.text)).set(layer.digest, content);
  return server;
}

async function pull(t: TestContext, server: FakeRegistry, options: ClientOptions = {}): Promise<ImageGraph> {
  const source = registryClient(t, options).source(parseImageName(`${server.host}/app:1`));
  const graph = await readImageGraph(source);
  for (const pointer of graph.blobs) {
    const bytes = await collect(source.blob(pointer), { maxBytes: 1 << 20, what: "a blob" });
    assert.equal(sha256(bytes), pointer.digest);
  }
  return graph;
}

async function push(
  t: TestContext,
  server: FakeRegistry,
  options: ClientOptions & { readonly source?: ImageSource } = {},
): Promise<Pushed> {
  const { source = bundleSource(bundle), ...client } = options;
  const graph = await readImageGraph(source);
  return registryClient(t, client).push({ source, graph, name: parseImageName(`${server.host}/app:1`) });
}

const isBlob = ({ method, url }: IncomingMessage): boolean => method === "GET" && url === layerPath;

/** Steps in at the first request of a kind. */
const once =
  (
    is: (request: IncomingMessage) => boolean,
    act: (response: ServerResponse, request: IncomingMessage) => void,
  ): Instead =>
  (request, response, nth) => {
    if (nth > 1 || !is(request)) return false;
    act(response, request);
    return true;
  };

const survived: readonly { readonly name: string; readonly instead: Instead; readonly told?: RegExp }[] = [
  {
    name: "429 with Retry-After",
    instead: once(isBlob, (response) => void reply(response, 429, { "retry-after": "0" })),
  },
  { name: "503 for a blob", instead: once(isBlob, (response) => void reply(response, 503)) },
  {
    name: "503 for a manifest",
    instead: once(
      ({ url }) => url === "/v2/app/manifests/1",
      (response) => void reply(response, 503),
    ),
  },
  {
    name: "a connection that breaks in the middle of a blob",
    instead: once(isBlob, (response, request) => sendBytes(request, response, content, { cutAfter: 100_000 })),
  },
  {
    name: "a connection that breaks before an answer",
    instead: once(isBlob, (response) => void response.socket?.destroy()),
  },
];

describe("a pull survives", () => {
  for (const { name, instead } of survived) {
    it(name, async (t) => void (await pull(t, await filled(t, instead))));
  }
});

test("a blob that broke off is gone on with, not begun anew", async (t) => {
  const cut = once(isBlob, (response, request) => sendBytes(request, response, content, { cutAfter: 100_000 }));
  const server = await filled(t, cut);
  await pull(t, server);
  const asked = server.seen.filter(({ path }) => path === layerPath).map(({ headers }) => headers.range);
  assert.deepEqual(asked, [undefined, "bytes=100000-"]);
});

const other = Buffer.from(content);
other[250_000] = 1;

const refusedBlobs: readonly { readonly name: string; readonly bytes: Uint8Array; readonly noLength?: boolean }[] = [
  { name: "other bytes", bytes: other },
  { name: "a byte more", bytes: Buffer.concat([content, Buffer.alloc(1)]) },
  { name: "a byte less", bytes: content.subarray(1) },
  { name: "a byte more without a length", bytes: Buffer.concat([content, Buffer.alloc(1)]), noLength: true },
  { name: "other bytes after a break", bytes: other },
];

describe("a pull refuses a blob with", () => {
  for (const { name, bytes, noLength = false } of refusedBlobs) {
    it(name, async (t) => {
      const server = await filled(t, (request, response, nth) => {
        if (!isBlob(request)) return false;
        const cut = name.endsWith("break") && nth === 1 ? { cutAfter: 100_000 } : {};
        sendBytes(request, response, bytes, { noLength, ...cut });
        return true;
      });
      await assert.rejects(
        pull(t, server),
        (error: { code?: string }) =>
          // What ends early without saying so may be a broken connection.
          assert.match(String(error.code), /^(?:DIGEST_MISMATCH|REGISTRY_FAILED|ARCHIVE_TOO_LARGE)$/) === undefined,
      );
    });
  }
});

const { manifest } = bundle.images[0];
const changed = (members: object): string => JSON.stringify({ ...JSON.parse(manifest.text), ...members });
const descriptor = { mediaType: "application/vnd.oci.image.layer.v1.tar", digest: layer.digest, size: 1 };

const refusedManifests: readonly {
  readonly name: string;
  readonly body: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
  readonly code: string;
}[] = [
  { name: "is not JSON", body: "<html>", code: "IMAGE_BROKEN" },
  { name: "is a list", body: "[]", code: "IMAGE_BROKEN" },
  { name: "is not UTF-8", body: Buffer.from([0x7b, 0xff, 0x7d]), code: "IMAGE_BROKEN" },
  { name: "is of schema 1", body: '{"schemaVersion":1,"fsLayers":[]}', code: "IMAGE_BROKEN" },
  { name: "is an index and a manifest", body: changed({ manifests: [] }), code: "IMAGE_BROKEN" },
  {
    name: "says another type than it comes as",
    body: changed({ mediaType: "application/vnd.oci.image.index.v1+json" }),
    code: "IMAGE_BROKEN",
  },
  {
    name: "is something else",
    body: changed({ mediaType: undefined }),
    headers: { "content-type": "text/html" },
    code: "IMAGE_BROKEN",
  },
  {
    name: "has a layer without a digest",
    body: changed({ layers: [{ mediaType: "x", size: 1 }] }),
    code: "IMAGE_BROKEN",
  },
  {
    name: "has a digest of another algorithm",
    body: changed({ layers: [{ ...descriptor, digest: `sha512:${"0".repeat(128)}` }] }),
    code: "IMAGE_BROKEN",
  },
  { name: "has a size below zero", body: changed({ layers: [{ ...descriptor, size: -1 }] }), code: "IMAGE_BROKEN" },
  {
    name: "has two sizes for one blob",
    body: changed({ layers: [descriptor, { ...descriptor, size: 2 }] }),
    code: "IMAGE_BROKEN",
  },
  { name: "has 10,001 layers", body: changed({ layers: Array(10_001).fill(descriptor) }), code: "IMAGE_BROKEN" },
  { name: "is larger than 4 MiB", body: changed({ x: "x".repeat(4 << 20) }), code: "REGISTRY_FAILED" },
  {
    name: "is not what the registry says of it",
    body: manifest.text,
    headers: { "docker-content-digest": `sha256:${"0".repeat(64)}` },
    code: "DIGEST_MISMATCH",
  },
];

describe("a pull refuses a manifest that", () => {
  for (const { name, body, headers, code } of refusedManifests) {
    it(name, async (t) => {
      const server = await filled(t, (request, response) => {
        if (request.url !== "/v2/app/manifests/1") return false;
        return reply(response, 200, { "content-type": manifest.mediaType, ...headers }, body);
      });
      await assert.rejects(pull(t, server), { code });
    });
  }
});

test("a manifest that is asked for by digest has to have it", async (t) => {
  const server = await filled(t);
  const digest = sha256("another");
  server.manifests.set(digest, { type: manifest.mediaType, bytes: Buffer.from(manifest.text) });
  const source = registryClient(t).source(parseImageName(`${server.host}/app@${digest}`));
  await assert.rejects(source.root(), { code: "DIGEST_MISMATCH" });
});

test("indexes that lie too deep in each other are refused", async (t) => {
  const server = await filled(t);
  const type = "application/vnd.oci.image.index.v1+json";
  let below = { mediaType: manifest.mediaType, digest: manifest.digest as string, size: manifest.sizeBytes };
  for (let depth = 0; depth < 6; depth++) {
    const text = JSON.stringify({ schemaVersion: 2, mediaType: type, manifests: [below] });
    below = { mediaType: type, digest: sha256(text), size: text.length };
    server.manifests.set(below.digest, { type, bytes: Buffer.from(text) }).set("1", { type, bytes: Buffer.from(text) });
  }
  await assert.rejects(pull(t, server), { code: "IMAGE_BROKEN" });
});

test("a registry that redirects without end is left", async (t) => {
  const server = await filled(
    t,
    (request, response) => isBlob(request) && reply(response, 307, { location: layerPath }),
  );
  await assert.rejects(pull(t, server), { code: "REGISTRY_FAILED", message: /redirects more than/ });
});

test("a mirror is asked first, and the registry for what it lacks or has wrong", async (t) => {
  const server = await filled(t);
  const mirror = await startFakeRegistry(t);
  for (const [key, value] of server.manifests) mirror.manifests.set(key, value);
  const mirrors = [{ of: server.host, at: `localhost:${mirror.port}/copies` }];
  await pull(t, server, { mirrors });
  assert.ok(mirror.told().includes(`GET /v2/copies/app/manifests/1`));
  assert.ok(!server.told().some((one) => one.includes("manifests")));
  assert.ok(server.told().some((one) => one.includes("blobs")));
});

/** Steps in at the first request of a kind, whatever its path. */
function first(
  is: (request: IncomingMessage) => boolean,
  act: (request: IncomingMessage, response: ServerResponse) => Promise<true>,
): Instead {
  let done = false;
  return async (request, response) => {
    if (done || !is(request)) return false;
    done = true;
    return act(request, response);
  };
}

const isPut = (part: string) => (request: IncomingMessage) =>
  request.method === "PUT" && request.url?.includes(part) === true;

const answering = (status: number) => async (request: IncomingMessage, response: ServerResponse) =>
  drained(request, response, status);

const survivedPushes: readonly { readonly name: string; readonly options: () => FakeOptions; readonly told: RegExp }[] =
  [
    {
      name: "a connection that breaks in the middle: it goes on where the registry is",
      options: () => ({ breakUploadsAt: 10_000 }),
      told: /GET \/v2\/app\/blobs\/uploads\/upload-\d/,
    },
    {
      name: "503 for a blob",
      options: () => ({ instead: first(isLayerUpload, answering(503)) }),
      told: /GET .*uploads/,
    },
    {
      name: "an upload that the registry forgot",
      options: () => ({ instead: first(isLayerUpload, answering(404)) }),
      told: /(?:POST[\s\S]*){3}/,
    },
    {
      name: "a request that is too large: it goes in chunks",
      options: () => ({
        instead: async (request, response) =>
          request.method === "PUT" &&
          Number(request.headers["content-length"]) > 200_000 &&
          (await drained(request, response, 413)),
      }),
      told: /PATCH/,
    },
    {
      name: "503 for the manifest",
      options: () => ({ instead: first(isPut("manifests"), answering(503)) }),
      told: /PUT/,
    },
  ];

/** Uploads of the layer are told by their size. */
const isLayerUpload = ({ headers }: IncomingMessage): boolean =>
  Number(headers["content-length"]) === content.byteLength;

async function drained(request: IncomingMessage, response: ServerResponse, status: number): Promise<true> {
  await bodyOf(request);
  return reply(response, status);
}

describe("a push survives", () => {
  for (const { name, options, told } of survivedPushes) {
    it(name, async (t) => {
      const server = await startFakeRegistry(t, options());
      assert.equal((await push(t, server)).sent, 2);
      assert.deepEqual(Buffer.from(server.blobs.get(layer.digest) ?? ""), content);
      assert.match(server.told().join("\n"), told);
    });
  }
});

test("a push that broke off does not send again what arrived", async (t) => {
  const server = await startFakeRegistry(t, { breakUploadsAt: 10_000 });
  await push(t, server);
  const patch = server.seen.find(({ method }) => method === "PATCH");
  const sentBytes = Number(patch?.headers["content-length"]);
  assert.ok(sentBytes <= content.byteLength - 10_000, `${sentBytes} bytes`);
  assert.equal(patch?.headers["content-range"], `${content.byteLength - sentBytes}-${content.byteLength - 1}`);
});

test("a blob whose last answer was lost is not sent again", async (t) => {
  const server = await startFakeRegistry(t, {
    instead: first(isLayerUpload, async (request, response) => {
      server.blobs.set(layer.digest, await bodyOf(request));
      response.socket?.destroy();
      return true;
    }),
  });
  await push(t, server);
  assert.equal(server.seen.filter((one) => one.headers["content-length"] === String(content.byteLength)).length, 1);
});

const refusedPushes: readonly { readonly name: string; readonly instead: Instead; readonly code: string }[] = [
  {
    name: "the registry refuses the digest",
    instead: (request, response) =>
      request.method === "PUT" && reply(response, 400, {}, '{"errors":[{"code":"DIGEST_INVALID"}]}'),
    code: "REGISTRY_FAILED",
  },
  {
    name: "the registry denies it",
    instead: (request, response) =>
      request.method === "POST" && reply(response, 403, {}, '{"errors":[{"code":"DENIED"}]}'),
    code: "REGISTRY_DENIED",
  },
  {
    name: "the registry is down",
    instead: (request, response) => request.method === "POST" && reply(response, 503),
    code: "REGISTRY_FAILED",
  },
  {
    name: "the registry names no place for the upload",
    instead: (request, response) => request.method === "POST" && reply(response, 202),
    code: "REGISTRY_FAILED",
  },
  {
    name: "the registry keeps another manifest than was sent",
    instead: async (request, response) => {
      if (request.method !== "PUT" || !request.url?.includes("manifests")) return false;
      await bodyOf(request);
      return reply(response, 201, { "docker-content-digest": `sha256:${"0".repeat(64)}` });
    },
    code: "DIGEST_MISMATCH",
  },
];

describe("a push fails when", () => {
  for (const { name, instead, code } of refusedPushes) {
    it(name, async (t) => {
      const server = await startFakeRegistry(t, { instead });
      await assert.rejects(push(t, server), { code });
    });
  }
});

test("bytes that are not what the image says are not pushed, and no name leads to them", async (t) => {
  const server = await startFakeRegistry(t);
  const good = bundleSource(bundle);
  const blob: ImageSource["blob"] = (pointer) => {
    if (pointer.digest !== layer.digest) return good.blob(pointer);
    return failing(other);
  };
  await assert.rejects(push(t, server, { source: { ...good, blob } }), { code: "DIGEST_MISMATCH" });
  assert.equal(server.blobs.has(sha256(other)), false);
  assert.equal(server.manifests.size, 0);
});

async function* failing(bytes: Uint8Array): Bytes & AsyncGenerator<Uint8Array> {
  const { verified } = await import("../../src/core/bytes.ts");
  yield* verified(bytesOf(bytes), { digest: layer.digest, sizeBytes: bytes.byteLength, what: "a layer" });
}

test("a push that is cancelled ends as such", async (t) => {
  const controller = new AbortController();
  const server = await startFakeRegistry(t, {
    instead: (request) => {
      if (request.method === "PUT") controller.abort();
      return request.method === "PUT";
    },
  });
  await assert.rejects(push(t, server, { signal: controller.signal }), { code: "CANCELLED" });
});

for (const listed of [true, false]) {
  test(`what refers to an image is found, ${listed ? "as the registry lists it" : "under a tag where it keeps no list"}`, async (t) => {
    const server = await startFakeRegistry(t, { referrers: listed });
    const client = registryClient(t);
    const { digest } = await push(t, server);
    const subject = { mediaType: manifest.mediaType, digest, size: manifest.sizeBytes };
    for (const artifactType of ["application/x-sbom", "application/x-signature"]) {
      const value = { ...JSON.parse(manifest.text), artifactType, subject };
      const text = JSON.stringify(value);
      const document = { mediaType: manifest.mediaType, text, digest: sha256(text), sizeBytes: text.length };
      const source: ImageSource = { ...bundleSource(bundle), root: async () => document };
      const graph = await readImageGraph(source);
      await client.push({ source, graph, name: parseImageName(`${server.host}/app@${document.digest}`) });
    }
    const name = parseImageName(`${server.host}/app:1`);
    const found = (await client.referrers(name, digest)).map((one) => one.artifactType);
    assert.deepEqual(found.toSorted(), ["application/x-sbom", "application/x-signature"]);
    assert.equal(server.manifests.has(digest.replace(":", "-")), !listed);
  });
}

test("uploads at another host and blobs from one go there without credentials", async (t) => {
  const elsewhere: string[] = [];
  const stranger = await startLoopback((request, response) => {
    elsewhere.push(`${request.method} ${request.headers.authorization}`);
    if (request.method === "GET") sendBytes(request, response, content);
    else request.resume().on("end", () => reply(response, 201));
  });
  t.after(() => stranger.close());
  const at = `http://localhost:${stranger.port}`;
  const server = await filled(t, (request, response) => {
    if (request.headers.authorization === undefined && request.url !== "/v2/") {
      return reply(response, 401, { "www-authenticate": 'Basic realm="x"' });
    }
    if (isBlob(request)) return reply(response, 307, { location: `${at}/blob` });
    if (request.method === "HEAD" && request.url?.includes("/blobs/")) return reply(response, 404);
    if (request.method === "HEAD" && request.url?.includes("/manifests/")) return reply(response, 404);
    return request.method === "POST" && reply(response, 202, { location: `${at}/upload` });
  });
  const credentials = { find: async () => ({ kind: "password", login: "someone", password: "secret" }) as const };
  await pull(t, server, { credentials });
  await push(t, server, { credentials });
  assert.deepEqual([...new Set(elsewhere)].toSorted(), ["GET undefined", "PUT undefined"]);
});
