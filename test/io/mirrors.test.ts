import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { pathToFileURL } from "node:url";
import { type Bytes, collect } from "../../src/core/bytes.ts";
import { sha256 } from "../../src/core/digest.ts";
import { DodaiError } from "../../src/core/dodai-error.ts";
import { createHttpClient } from "../../src/io/http.ts";
import { usualRetries } from "../../src/io/http-retry.ts";
import { createMirrors, type Mirrors } from "../../src/io/mirrors.ts";
import { locate } from "../../src/io/mirrors-location.ts";
import { openStore, type Store } from "../../src/io/store.ts";
import { type Answer, type Loopback, serveFiles, startLoopback } from "../kit/loopback.ts";
import { temporaryFolder } from "../kit/temporary.ts";

const content = Buffer.from("a package's bytes");
const expected = { digest: sha256(content), sizeBytes: content.byteLength };
const good = serveFiles(new Map([["pool/a+b_1.deb", content]]));
const path = "pool/a+b_1.deb";
const changed = serveFiles(new Map([[path, Buffer.from("b package's bytes")]]));
const short = serveFiles(new Map([[path, Buffer.from("a pack")]]));

async function setUp(t: TestContext, { offline = false } = {}): Promise<{ store: Store; mirrors: Mirrors }> {
  const store = await openStore(await temporaryFolder(t));
  const retries = { ...usualRetries, attempts: 2, firstDelayMs: 1 };
  const http = createHttpClient({ userAgent: "dodai/test", retries });
  t.after(() => http.close());
  return { store, mirrors: createMirrors({ store, http, offline }) };
}

async function serve(t: TestContext, answer: Answer): Promise<Loopback> {
  const server = await startLoopback(answer);
  t.after(() => server.close());
  return server;
}

async function deadUrl(): Promise<string> {
  const server = await startLoopback(() => undefined);
  await server.close();
  return server.url;
}

const textOf = async (bytes: Bytes | undefined): Promise<string | undefined> =>
  bytes && String(Buffer.from(await collect(bytes, { maxBytes: 1000, what: "the test" })));

const passed: readonly { name: string; first: Answer }[] = [
  { name: "has no such file", first: serveFiles(new Map()) },
  { name: "has other bytes of the same size", first: changed },
  { name: "has too few bytes", first: short },
  { name: "refuses", first: (_, response) => response.writeHead(403).end() },
  { name: "breaks every connection", first: (request) => request.socket.destroy() },
];
for (const { name, first } of passed) {
  test(`the next mirror is asked when one ${name}`, async (t) => {
    const { mirrors } = await setUp(t);
    const [one, two] = [await serve(t, first), await serve(t, good)];
    assert.equal(
      await textOf(await mirrors.fetch([one.url, two.url], path, { maxBytes: 100, expected })),
      String(content),
    );
    assert.ok(one.seen.length > 0);
  });
}

test("a file is fetched once, and read from the store afterwards", async (t) => {
  const { mirrors, store } = await setUp(t);
  const server = await serve(t, good);
  const counts: number[] = [];
  const onBytes = (count: number): void => void counts.push(count);
  const first = await mirrors.download([server.url], path, expected, { onBytes });
  assert.equal(first, store.path(expected.digest));
  assert.equal(await mirrors.download([server.url], path, expected, { onBytes }), first);
  assert.equal(server.seen.length, 1);
  assert.equal(server.seen[0]?.path, "/pool/a%2Bb_1.deb");
  assert.deepEqual(counts, [content.byteLength]);
});

test("a file that is wanted twice at once is fetched once", async (t) => {
  const { mirrors } = await setUp(t);
  const server = await serve(t, good);
  const wanted = [1, 2, 3].map(() => mirrors.download([server.url], path, expected));
  assert.equal(new Set(await Promise.all(wanted)).size, 1);
  assert.equal(server.seen.length, 1);
});

test("a blob that was damaged in the store is fetched again", async (t) => {
  const { mirrors, store } = await setUp(t);
  const server = await serve(t, good);
  const file = await mirrors.download([server.url], path, expected);
  await writeFile(file, "b package's bytes");
  assert.equal(await textOf(await mirrors.fetch([server.url], path, { maxBytes: 100, expected })), String(content));
  assert.equal(server.seen.length, 2);
  assert.equal(await store.verify(expected.digest, expected.sizeBytes), true);
});

test("a mirror that could not be reached is asked last from then on", async (t) => {
  const { mirrors } = await setUp(t);
  const proxy = await serve(t, (request) => request.socket.destroy());
  const server = await serve(t, good);
  const dead = await deadUrl();
  await mirrors.fetch([dead, server.url], path, { maxBytes: 100 });
  await mirrors.fetch([dead, server.url], path, { maxBytes: 100 });
  assert.equal(server.seen.length, 2);
  await assert.rejects(mirrors.fetch([dead, proxy.url], path, { maxBytes: 100 }), (error: Error) => {
    const order = [error.message.indexOf(proxy.url), error.message.indexOf(dead)];
    return (order[0] ?? -1) > 0 && (order[0] ?? 0) < (order[1] ?? 0);
  });
});

test("when all mirrors fail each is named with its reason, and no password", async (t) => {
  const { mirrors } = await setUp(t);
  const busy = await serve(t, (_, response) => response.writeHead(503).end());
  const empty = await serve(t, serveFiles(new Map()));
  const dead = await deadUrl();
  const roots = [busy.url.replace("//", "//user:hunter2@"), empty.url, dead];
  await assert.rejects(mirrors.fetch(roots, path, { maxBytes: 100, expected }), {
    code: "DOWNLOAD_FAILED",
    message: `Cannot fetch "pool/a+b_1.deb": no mirror has it as wanted
  ${busy.url}/pool/a%2Bb_1.deb: the server answers 503
  ${empty.url}/pool/a%2Bb_1.deb: the server answers 404
  ${dead}/pool/a%2Bb_1.deb: the connection was refused`,
  });
});

test("a file that no mirror has is undefined, and a package that no mirror has an error", async (t) => {
  const { mirrors } = await setUp(t);
  const empty = await serve(t, serveFiles(new Map()));
  assert.equal(await mirrors.fetch([empty.url, empty.url], "none", { maxBytes: 100 }), undefined);
  assert.equal(await mirrors.fetch([empty.url], path, { maxBytes: 100, expected }), undefined);
  await assert.rejects(mirrors.download([empty.url], path, expected), { code: "DOWNLOAD_FAILED" });
});

test("wrong bytes everywhere are a digest mismatch, and nothing is kept", async (t) => {
  const { mirrors, store } = await setUp(t);
  const server = await serve(t, changed);
  await assert.rejects(mirrors.fetch([server.url], path, { maxBytes: 100, expected }), { code: "DIGEST_MISMATCH" });
  assert.equal((await store.size()).sizeBytes, 0);
});

test("an index that claims to be larger than allowed is not fetched", async (t) => {
  const { mirrors } = await setUp(t);
  const server = await serve(t, good);
  await assert.rejects(mirrors.fetch([server.url], path, { maxBytes: 3, expected }), { code: "DOWNLOAD_FAILED" });
  assert.equal(server.seen.length, 0);
});

test("without the network only the store and folders are read", async (t) => {
  const { mirrors, store } = await setUp(t, { offline: true });
  const server = await serve(t, good);
  await assert.rejects(mirrors.fetch([server.url], path, { maxBytes: 100 }), { code: "NETWORK_OFFLINE" });
  await store.keep(content);
  assert.equal(await textOf(await mirrors.fetch([server.url], path, { maxBytes: 100, expected })), String(content));
  assert.equal(server.seen.length, 0);
});

test("a folder is a repository and is read where it is, by its path and by its URL", async (t) => {
  const { mirrors, store } = await setUp(t, { offline: true });
  const folder = await temporaryFolder(t);
  await mkdir(join(folder, "pool"));
  await writeFile(join(folder, path), content);
  for (const root of [folder, `${folder}/`, pathToFileURL(folder).href]) {
    assert.equal(await mirrors.download([root], path, expected), join(folder, path));
    assert.equal(await textOf(await mirrors.fetch([root], path, { maxBytes: 100 })), String(content));
    assert.equal(await mirrors.fetch([root], "none", { maxBytes: 100 }), undefined);
  }
  assert.equal((await store.size()).sizeBytes, 0);
  await writeFile(join(folder, path), "b package's bytes");
  await assert.rejects(mirrors.download([folder], path, expected), { code: "DIGEST_MISMATCH" });
});

test("a full disk is told as such, not as a mirror's fault", async (t) => {
  const { mirrors, store } = await setUp(t);
  const server = await serve(t, good);
  store.keep = () => Promise.reject(new DodaiError("DISK_FULL", "Cannot write: full"));
  await assert.rejects(mirrors.fetch([server.url], path, { maxBytes: 100, expected }), { code: "DISK_FULL" });
});

const hostile = [
  "../etc/passwd",
  "a/../../b",
  "/etc/passwd",
  "",
  "a//b",
  "./",
  "a/./b",
  "..",
  "a\nb",
  "a\0b",
  "a\\..\\b",
];
for (const one of hostile) {
  test(`a path ${JSON.stringify(one)} of an index does not leave its repository`, () => {
    for (const root of ["/srv/mirror", "file:///srv/mirror", "http://a.example/debian"]) {
      assert.throws(() => locate(root, one), { code: "INDEX_SYNTAX" });
    }
  });
}

const places = [
  { root: "http://a.example/debian", path: "dists/x", text: "http://a.example/debian/dists/x" },
  { root: "http://u:p@a.example/", path: "./x%3a y?#.deb", text: "http://a.example/x%253a%20y%3F%23.deb" },
  { root: "file:///srv/a%20b/", path: "x", text: "/srv/a b/x" },
  { root: "/", path: "x", text: "/x" },
];
for (const { root, path: file, text } of places) {
  test(`${file} below ${root} is ${text}`, () => assert.equal(locate(root, file).text, text));
}

for (const root of ["ftp://a.example/", "relative/folder", "", "file://host/share"]) {
  test(`"${root}" is no repository`, () => assert.throws(() => locate(root, "x"), { code: "USAGE" }));
}
