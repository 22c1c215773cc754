import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, it, type TestContext, test } from "node:test";
import { bytesOf, collect } from "../../src/core/bytes.ts";
import { createHttpClient } from "../../src/io/http.ts";
import { usualRetries } from "../../src/io/http-retry.ts";
import { createMirrors, type Mirrors } from "../../src/io/mirrors.ts";
import { openStore } from "../../src/io/store.ts";
import { parseMirrorList } from "../../src/packages/rpm/metalink.ts";
import { type Loopback, serveFiles, startLoopback } from "../kit/loopback.ts";
import { fixture, needs } from "../kit/oracle.ts";
import { temporaryFolder } from "../kit/temporary.ts";

const repomd = Buffer.from("<repomd/>");
const path = "repodata/repomd.xml";

async function open(t: TestContext): Promise<Mirrors> {
  const store = await openStore(await temporaryFolder(t));
  const http = createHttpClient({
    userAgent: "dodai/test",
    retries: { ...usualRetries, attempts: 1, firstDelayMs: 1 },
  });
  t.after(() => http.close());
  return createMirrors({ store, http, offline: false });
}

async function serve(t: TestContext, files: Readonly<Record<string, Buffer>>): Promise<Loopback> {
  const server = await startLoopback(serveFiles(new Map(Object.entries(files))));
  t.after(() => server.close());
  return server;
}

function metalink(urls: readonly string[], bytes: Uint8Array): Buffer {
  const hash = createHash("sha256").update(bytes).digest("hex");
  const resources = urls
    .map((url, at) => `<url protocol="http" preference="${100 - at}">${url}/${path}</url>`)
    .join("\n");
  return Buffer.from(`<?xml version="1.0"?><metalink><files><file name="repomd.xml"><verification>
<hash type="md5">00000000000000000000000000000000</hash><hash type="sha256">${hash}</hash></verification>
<resources><url protocol="rsync" preference="200">rsync://example.org/${path}</url>${resources}</resources></file></files></metalink>`);
}

const textOf = async (mirrors: Mirrors, root: string): Promise<string> => {
  const bytes = await mirrors.fetch([root], path, { maxBytes: 1000 });
  return String(Buffer.from(await collect(bytes ?? bytesOf(), { maxBytes: 1000, what: "x" })));
};

describe("lists of mirrors", () => {
  it("a metalink passes over the mirror whose repomd.xml it does not vouch for", async (t) => {
    const stale = await serve(t, { [path]: Buffer.from("<old/>") });
    const good = await serve(t, { [path]: repomd });
    const list = await serve(t, { metalink: metalink([stale.url, good.url], repomd) });
    const mirrors = await open(t);
    assert.equal(await textOf(mirrors, `metalink+${list.url}/metalink`), String(repomd));
    assert.equal(await textOf(mirrors, `metalink+${list.url}/metalink`), String(repomd));
    assert.equal(list.seen.length, 1);
  });
  it("a metalink whose mirrors are all stale is an error", async (t) => {
    const stale = await serve(t, { [path]: Buffer.from("<old/>") });
    const list = await serve(t, { metalink: metalink([stale.url], repomd) });
    await assert.rejects(textOf(await open(t), `metalink+${list.url}/metalink`), { code: "DIGEST_MISMATCH" });
  });
  it("a mirrorlist is tried in its order", async (t) => {
    const good = await serve(t, { [path]: repomd });
    const list = await serve(t, { list: Buffer.from(`# mirrors\nftp://example.org/\n${good.url}/\n`) });
    assert.equal(await textOf(await open(t), `mirrorlist+${list.url}/list`), String(repomd));
  });
  it("a list that is not there is an error", async (t) => {
    const list = await serve(t, {});
    await assert.rejects(textOf(await open(t), `mirrorlist+${list.url}/list`), { code: "DOWNLOAD_FAILED" });
  });
});

const data = fixture("rpm/librepo/rpm-software-management+librepo/tests/test_data");

test("librepo's lists are read, or refused when they name nothing", needs(data), async () => {
  const read = (name: string) => parseMirrorList(readFileSync(`${data}/${name}`), name);
  const good = await read("metalinks/metalink_good_01");
  assert.equal(good.urls[0], "http://mirror.pnl.gov/fedora/linux/releases/17/Everything/x86_64/os/");
  assert.deepEqual(
    good.repomd.map(({ algorithm }) => algorithm),
    ["sha256", "sha512"],
  );
  assert.equal((await read("metalinks/metalink_with_alternates")).repomd.length, 4);
  for (const name of ["metalinks/metalink_really_bad_01", "mirrorlists/mirrorlist_02"]) {
    await assert.rejects(read(name), { code: "INDEX_SYNTAX" });
  }
});
