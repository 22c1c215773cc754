// What lies between dodai and a registry: mirrors, proxies, redirects, and servers that ask for time.
import assert from "node:assert/strict";
import type { IncomingMessage, ServerResponse } from "node:http";
import { describe, it, type TestContext, test } from "node:test";
import { collect } from "../../src/core/bytes.ts";
import { sha256 } from "../../src/core/digest.ts";
import { parseImageName } from "../../src/core/image-name.ts";
import { bundleSource } from "../../src/image/bundle-source.ts";
import { readImageGraph } from "../../src/image/image-graph.ts";
import { fromAnyPlace } from "../../src/image/image-source.ts";
import { HttpFault } from "../../src/io/http-fault.ts";
import { retryAfterMs, retryDelayMs } from "../../src/io/http-retry.ts";
import { bodyOf, type FakeOptions, type FakeRegistry, reply, startFakeRegistry } from "../kit/fake-registry.ts";
import { makeBundle, makeLayer } from "../kit/image.ts";
import { sendBytes } from "../kit/loopback.ts";
import { type ClientOptions, quickRetries, registryClient } from "../kit/registry.ts";

const maxBlobBytes = 16 << 20;
/** More than is checked before any of it is given. */
const content = Buffer.from(Array.from({ length: 5 << 20 }, (_, at) => (at * 2654435761) >>> 24));
const layer = makeLayer("content", content, "none");
const bundle = makeBundle({ layers: [layer] });
const [{ manifest, config }] = bundle.images;

type Instead = NonNullable<FakeOptions["instead"]>;

/** A registry that has the image as app:1, in every repository. */
async function filled(t: TestContext, instead?: Instead): Promise<FakeRegistry> {
  const server = await startFakeRegistry(t, instead === undefined ? {} : { instead });
  const stored = { type: manifest.mediaType, bytes: Buffer.from(manifest.text) };
  server.manifests.set("1", stored).set(manifest.digest, stored);
  server.blobs.set(config.digest, Buffer.from(config.text)).set(layer.digest, content);
  return server;
}

async function pull(t: TestContext, name: string, options: ClientOptions = {}): Promise<void> {
  const source = registryClient(t, options).source(parseImageName(name));
  const graph = await readImageGraph(source);
  for (const pointer of graph.blobs) {
    const bytes = await fromAnyPlace(source, pointer, () =>
      collect(source.blob(pointer), { maxBytes: maxBlobBytes, what: "a blob" }),
    );
    assert.equal(sha256(bytes), pointer.digest);
  }
}

async function push(t: TestContext, server: FakeRegistry, options: ClientOptions = {}): Promise<void> {
  const source = bundleSource(bundle);
  const graph = await readImageGraph(source);
  await registryClient(t, options).push({ source, graph, name: parseImageName(`${server.host}/app:1`) });
}

const isBlob = ({ method, url = "" }: IncomingMessage): boolean => method === "GET" && url.includes("/blobs/");
const isManifest = ({ method, url = "" }: IncomingMessage): boolean => method === "GET" && url.includes("/manifests/");
const isContent = ({ method, url = "" }: IncomingMessage): boolean => method === "GET" && url.endsWith(layer.digest);

const when =
  (is: (request: IncomingMessage) => boolean, act: (response: ServerResponse, request: IncomingMessage) => void) =>
  (request: IncomingMessage, response: ServerResponse): boolean => {
    if (!is(request)) return false;
    act(response, request);
    return true;
  };

const mirrorsThatFail: readonly { readonly name: string; readonly instead: Instead }[] = [
  { name: "lacks a blob", instead: when(isBlob, (response) => void reply(response, 404)) },
  {
    name: "breaks off in the middle of a blob",
    instead: when(isContent, (response, request) => sendBytes(request, response, content, { cutAfter: 100_000 })),
  },
  {
    name: "has another config",
    instead: when(
      (request) => isBlob(request) && !isContent(request),
      (response, request) => sendBytes(request, response, Buffer.alloc(config.sizeBytes)),
    ),
  },
  { name: "lacks the image", instead: when(isManifest, (response) => void reply(response, 404)) },
  {
    name: "has other bytes for a blob",
    instead: when(isContent, (response, request) => sendBytes(request, response, Buffer.alloc(content.length))),
  },
  {
    name: "has fewer bytes of a blob",
    instead: when(isContent, (response, request) => sendBytes(request, response, content.subarray(1))),
  },
  {
    name: "has another manifest under a digest",
    instead: when(isManifest, (response) => {
      reply(response, 200, { "content-type": manifest.mediaType }, manifest.text.replace("{", "{ "));
    }),
  },
  {
    name: "has no JSON for a manifest",
    instead: when(isManifest, (response) => void reply(response, 200, {}, "<html>")),
  },
  { name: "is down", instead: (_, response) => reply(response, 503) },
  { name: "wants credentials", instead: (_, response) => reply(response, 401, { "www-authenticate": "Basic" }) },
  {
    name: "redirects without end",
    instead: when(isBlob, (response, request) => void reply(response, 307, { location: request.url ?? "" })),
  },
  { name: "hangs up", instead: (_, response) => response.socket?.destroy() === undefined || true },
];

describe("the registry itself gives the image when a mirror", () => {
  for (const { name, instead } of mirrorsThatFail) {
    it(name, async (t) => {
      const mirror = await filled(t, instead);
      const server = await filled(t);
      const mirrors = [{ of: server.host, at: `localhost:${mirror.port}/copies` }];
      await pull(t, `${server.host}/app@${manifest.digest}`, { mirrors });
      assert.ok(mirror.seen.length > 0 && server.seen.length > 0);
    });
  }
});

test("bytes that are wrong everywhere are refused when each place was asked once", async (t) => {
  const wrong = when(isContent, (response, request) => sendBytes(request, response, Buffer.alloc(content.length)));
  const [mirror, server] = [await filled(t, wrong), await filled(t, wrong)];
  const mirrors = [{ of: server.host, at: `localhost:${mirror.port}` }];
  await assert.rejects(pull(t, `${server.host}/app:1`, { mirrors }), { code: "DIGEST_MISMATCH" });
  for (const { seen } of [mirror, server]) {
    assert.equal(seen.filter(({ path }) => path.endsWith(layer.digest)).length, 1);
  }
});

test("what goes on to another registry is taken from the next place as well", async (t) => {
  const mirror = await filled(
    t,
    when(isContent, (response, request) => sendBytes(request, response, Buffer.alloc(content.length))),
  );
  const [server, target] = [await filled(t), await startFakeRegistry(t)];
  const client = registryClient(t, { mirrors: [{ of: server.host, at: `localhost:${mirror.port}` }] });
  const source = client.source(parseImageName(`${server.host}/app:1`));
  const graph = await readImageGraph(source);
  await client.push({ source, graph, name: parseImageName(`${target.host}/app:1`) });
  assert.deepEqual(target.blobs.get(layer.digest), content);
});

test("a mirror that has all is all that is asked, and gets no credentials of the registry", async (t) => {
  const mirror = await filled(t);
  const server = await filled(t);
  const credentials = {
    find: async (registry: string) =>
      registry === server.host ? ({ kind: "password", login: "someone", password: "secret" } as const) : undefined,
  };
  const mirrors = [{ of: server.host, at: `localhost:${mirror.port}/copies` }];
  await pull(t, `${server.host}/app:1`, { mirrors, credentials });
  assert.deepEqual(server.seen, []);
  assert.ok(mirror.seen.every(({ headers }) => headers.authorization === undefined));
  await push(t, server, { mirrors, credentials });
  assert.ok(!mirror.seen.some(({ method }) => !["GET", "HEAD"].includes(method)));
});

test("a registry is reached through a proxy, and directly when NO_PROXY names it", async (t) => {
  // It takes requests as a proxy does, with the whole URL; it gives no tunnel.
  const proxy = await filled(t, (request) => {
    request.url = new URL(request.url ?? "", "http://x").pathname;
    return false;
  });
  const name = "registry.invalid/app:1";
  const through = { ALL_PROXY: proxy.url };
  await pull(t, name, { environment: through, insecureHttp: true });
  assert.equal(proxy.told()[0], "CONNECT CONNECT registry.invalid:443");
  assert.ok(proxy.told().includes("GET http://registry.invalid/v2/app/manifests/1"));
  const count = proxy.seen.length;
  const environment = { ...through, NO_PROXY: "other.invalid,registry.invalid" };
  await assert.rejects(pull(t, name, { environment, insecureHttp: true }), { code: "REGISTRY_FAILED" });
  assert.equal(proxy.seen.length, count);
});

const pulls = async (t: TestContext, server: FakeRegistry): Promise<void> => pull(t, `${server.host}/app:1`);
/** A registry that has nothing yet. */
const pushes = async (t: TestContext, server: FakeRegistry): Promise<void> => {
  server.manifests.clear();
  server.blobs.clear();
  await push(t, server);
};

const inAnHour = { "retry-after": "3600" };
const busy: readonly {
  readonly name: string;
  readonly act: typeof pulls;
  readonly is: (r: IncomingMessage) => boolean;
}[] = [
  { name: "a manifest", act: pulls, is: isManifest },
  { name: "a blob", act: pulls, is: isContent },
  { name: "an upload", act: pushes, is: ({ method }) => method === "PUT" },
  { name: "a place for one", act: pushes, is: ({ method }) => method === "POST" },
];

describe("a registry that wants to be asked in an hour is not asked again before, for", () => {
  for (const { name, act, is } of busy) {
    for (const status of [429, 503]) {
      it(`${name}, by ${status}`, async (t) => {
        const asked: string[] = [];
        const server = await filled(t, async (request, response) => {
          if (!is(request)) return false;
          asked.push(request.url?.replace(/\?.*/, "") ?? "");
          await bodyOf(request);
          return reply(response, status, inAnHour);
        });
        await assert.rejects(act(t, server), { code: "REGISTRY_FAILED" });
        assert.deepEqual(asked, [...new Set(asked)]);
      });
    }
  }
});

describe("after a fault the wait is", () => {
  const fault = (ms?: number): HttpFault => new HttpFault("unavailable", "busy", ms);
  const rows = [
    { name: "what the server says", told: "2", expected: 2000 },
    { name: "what it says as a date", told: "Thu, 01 Jan 1970 00:00:03 GMT", expected: 3000 },
    { name: "none for a date that is over", told: "Thu, 01 Jan 1960 00:00:03 GMT", expected: 0 },
    { name: "the usual one when it says nothing", told: undefined, expected: 0.75 },
    { name: "the usual one when it says nonsense", told: "soon", expected: 0.75 },
    { name: "over when it says too much", told: "6", expected: undefined },
  ];
  for (const { name, told, expected } of rows) {
    it(name, () => assert.equal(retryDelayMs(fault(retryAfterMs(told, 0)), 1, quickRetries), expected));
  }
});

const endless: readonly {
  readonly name: string;
  readonly act: typeof pulls;
  readonly is: (r: IncomingMessage) => boolean;
}[] = [
  { name: "for a manifest", act: pulls, is: isManifest },
  { name: "for a blob", act: pulls, is: isBlob },
  {
    name: "for the question whether a blob is there",
    act: pushes,
    is: ({ method, url = "" }) => method === "HEAD" && url.includes("blobs"),
  },
  { name: "for an upload", act: pushes, is: ({ method }) => method === "POST" },
];

describe("a registry that redirects without end is left,", () => {
  for (const { name, act, is } of endless) {
    it(name, async (t) => {
      let count = 0;
      const server = await filled(t, async (request, response) => {
        if (!is(request)) return false;
        await bodyOf(request);
        return reply(response, 307, { location: `${request.url?.replace(/\?.*/, "")}?n=${++count}` });
      });
      await assert.rejects(act(t, server), { code: "REGISTRY_FAILED" });
      assert.ok(count < 100, String(count));
    });
  }

  it("for a token", async (t) => {
    let count = 0;
    const server = await filled(t, (request, response) => {
      if (request.url === "/v2/") return false;
      if (request.url?.startsWith("/token")) return reply(response, 307, { location: `/token?n=${++count}` });
      return reply(response, 401, { "www-authenticate": `Bearer realm="http://${request.headers.host}/token"` });
    });
    await assert.rejects(pulls(t, server), { code: "REGISTRY_FAILED" });
    assert.ok(count > 0 && count < 100, String(count));
  });
});
