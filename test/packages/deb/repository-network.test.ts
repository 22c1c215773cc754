// The whole way: a signed repository in a folder and behind a web server, through mirrors and the store.
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, type TestContext, test } from "node:test";
import { parseDigest } from "../../../src/core/digest.ts";
import { createHttpClient } from "../../../src/io/http.ts";
import { usualRetries } from "../../../src/io/http-retry.ts";
import { createMirrors, type Mirrors } from "../../../src/io/mirrors.ts";
import { openStore, type Store } from "../../../src/io/store.ts";
import type { OpenRepository, Repository, RepositoryAccess } from "../../../src/packages/contract.ts";
import { openDebRepository } from "../../../src/packages/deb/repository.ts";
import { type DebSpec, debPath, makeDeb } from "../../kit/deb.ts";
import { type Answer, type Loopback, sendBytes, serveFiles, startLoopback } from "../../kit/loopback.ts";
import { needs } from "../../kit/oracle.ts";
import {
  createSigner,
  makeSuite,
  type RepositoryFiles,
  repositoryOf,
  type Signer,
  signed,
  writeRepository,
} from "../../kit/repository.ts";
import { temporaryFolder } from "../../kit/temporary.ts";

const date = new Date("2026-11-21T09:15:44Z");
const now = new Date("2026-11-24T08:00:00Z");
const hello: DebSpec = {
  name: "hello",
  tree: [{ path: "usr/bin/hello", content: "#!/bin/sh\necho hello\n", mode: 0o755 }],
};

describe("a signed repository", needs("gpg"), () => {
  let signer: Signer;
  let files: RepositoryFiles;
  before(() => {
    signer = createSigner("archive");
    const suite = makeSuite({ suite: "sable", date, byHash: true, packages: { main: { amd64: [hello] } } });
    files = signed(suite, signer, { at: date });
    files.set(debPath(hello), makeDeb(hello));
  });
  after(() => signer.close());

  interface World {
    readonly store: Store;
    readonly mirrors: Mirrors;
    open(urls: readonly string[]): Promise<OpenRepository>;
    /** Opens the repository and downloads its package; its path on disk. */
    download(urls: readonly string[]): Promise<string>;
  }

  async function world(
    t: TestContext,
    { directory, signal }: { directory?: string; signal?: AbortSignal } = {},
  ): Promise<World> {
    const store = await openStore(directory ?? (await temporaryFolder(t)));
    const retries = { ...usualRetries, firstDelayMs: 1 };
    const http = createHttpClient({ userAgent: "dodai/test", retries, signal });
    t.after(() => http.close());
    const mirrors = createMirrors({ store, http, offline: false });
    const access: RepositoryAccess = {
      fetch: (repository, path, options) => mirrors.fetch(repository.urls, path, options),
      now,
      compiled: {
        open: (key) => store.openValue("indexes", key),
        keep: async (key, bytes) => {
          await store.keepValue("indexes", key, bytes);
          const kept = await store.openValue("indexes", key);
          assert.ok(kept);
          return kept;
        },
      },
      warn: assert.fail,
    };
    const open = (urls: readonly string[]): Promise<OpenRepository> => {
      const repository: Repository = repositoryOf({ urls, keys: [signer.key] });
      return openDebRepository(repository, "amd64", access);
    };
    const download = async (urls: readonly string[]): Promise<string> => {
      const [record] = (await open(urls)).index.named("hello");
      assert.ok(record);
      return mirrors.download(urls, record.path, { ...record, digest: parseDigest(record.digest) });
    };
    return { store, mirrors, open, download };
  }

  async function serve(t: TestContext, answer?: Answer): Promise<Loopback> {
    const server = await startLoopback(answer ?? serveFiles(files));
    t.after(() => server.close());
    return server;
  }

  test("in a folder is read where it is", async (t) => {
    const folder = await temporaryFolder(t);
    await writeRepository(folder, files);
    const { download, store } = await world(t);
    assert.equal(await download([folder]), join(folder, debPath(hello)));
    assert.equal(await download([`file://${folder}`]), join(folder, debPath(hello)));
    assert.deepEqual(readdirSync(join(store.directory, "blobs/sha256")), []);
  });

  test("behind a web server is fetched once; the next run asks for InRelease alone", async (t) => {
    const server = await serve(t);
    const directory = await temporaryFolder(t);
    const path = await (await world(t, { directory })).download([server.url]);
    assert.deepEqual(await readFile(path), Buffer.from(makeDeb(hello)));
    assert.deepEqual(
      server.seen.map(({ path: one }) => one.replace(/[0-9a-f]{64}/, "HEX")),
      ["/dists/sable/InRelease", "/dists/sable/main/binary-amd64/by-hash/SHA256/HEX", `/${debPath(hello)}`],
    );
    await (await world(t, { directory })).download([server.url]);
    assert.deepEqual(
      server.seen.slice(3).map(({ path: one }) => one),
      ["/dists/sable/InRelease"],
    );
  });

  test("survives a server that breaks off, is busy, and resets", async (t) => {
    const server = await serve(t, (request, response, nth) => {
      const bytes = files.get(decodeURIComponent(request.url ?? "").slice(1));
      if (bytes === undefined) return response.writeHead(404).end();
      if (nth === 1) return request.socket.destroy();
      if (nth === 2) return response.writeHead(503, { "retry-after": "0" }).end();
      return sendBytes(request, response, bytes, nth === 3 ? { cutAfter: bytes.byteLength >> 1 } : {});
    });
    const path = await (await world(t)).download([server.url]);
    assert.deepEqual(await readFile(path), Buffer.from(makeDeb(hello)));
  });

  test("is taken from the next mirror when one serves a changed package", async (t) => {
    const path = debPath(hello);
    const changed = new Map(files).set(path, Buffer.alloc(files.get(path)?.byteLength ?? 0));
    const [bad, good] = [await serve(t, serveFiles(changed)), await serve(t)];
    const file = await (await world(t)).download([bad.url, good.url]);
    assert.deepEqual(await readFile(file), Buffer.from(makeDeb(hello)));
  });

  test("whose package is changed on every mirror is refused", async (t) => {
    const path = debPath(hello);
    const changed = new Map(files).set(path, Buffer.alloc(files.get(path)?.byteLength ?? 0));
    const server = await serve(t, serveFiles(changed));
    await assert.rejects((await world(t)).download([server.url]), { code: "DIGEST_MISMATCH" });
  });

  test("whose compiled index was damaged on disk is read anew", async (t) => {
    const server = await serve(t);
    const { open, store } = await world(t);
    await open([server.url]);
    const folder = join(store.directory, "values/indexes");
    const [name = ""] = readdirSync(folder);
    const bytes = await readFile(join(folder, name));
    await writeFile(join(folder, name), Buffer.concat([Buffer.alloc(100), bytes.subarray(100)]));
    assert.equal((await open([server.url])).index.size, 1);
    assert.equal((await open([server.url])).index.named("hello").length, 1);
  });

  test("is left without a trace in tmp when Ctrl-C comes in the middle", async (t) => {
    const stop = new AbortController();
    const server = await serve(t, (request, response) => {
      const bytes = files.get(decodeURIComponent(request.url ?? "").slice(1));
      if (request.url?.endsWith(".deb") !== true && bytes) return sendBytes(request, response, bytes);
      response.writeHead(200, { "content-length": String(bytes?.byteLength) });
      return response.write(bytes?.subarray(0, 100), () => setTimeout(() => stop.abort(), 20));
    });
    const { download, store } = await world(t, { signal: stop.signal });
    await assert.rejects(download([server.url]), { code: "CANCELLED" });
    assert.deepEqual(readdirSync(join(store.directory, "tmp")), []);
  });

  test("is opened by two runs at once on one store", async (t) => {
    const server = await serve(t);
    const directory = await temporaryFolder(t);
    const worlds = await Promise.all([world(t, { directory }), world(t, { directory })]);
    const paths = await Promise.all(worlds.map(({ download }) => download([server.url])));
    assert.equal(paths[0], paths[1]);
    assert.deepEqual(readdirSync(join(directory, "tmp")), []);
  });
});
