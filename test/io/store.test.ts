import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readdirSync, utimesSync, writeFileSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { bytesOf, collect } from "../../src/core/bytes.ts";
import { sha256 } from "../../src/core/digest.ts";
import { openStore } from "../../src/io/store.ts";
import { ownerHost } from "../../src/io/store-leftovers.ts";
import { pruneStore, sizeOfStore } from "../../src/io/store-prune.ts";
import { temporaryFolder } from "../kit/temporary.ts";

const content = Buffer.from("some bytes");
const digest = sha256(content);
const storeModule = fileURLToPath(new URL("../../src/io/store.ts", import.meta.url));
const all = { maxBytes: 1 << 20, what: "the test" };

/** A stream that gives some bytes and then fails, as a broken download does. */
async function* broken(): AsyncGenerator<Uint8Array> {
  yield content;
  await Promise.resolve();
  throw new Error("broke off");
}

test("bytes are kept under their digest and read again", async (t) => {
  const store = await openStore(await temporaryFolder(t));
  assert.equal(await store.has(digest), false);
  assert.equal(await store.keep(bytesOf("some ", "bytes")), digest);
  assert.equal(await store.has(digest, content.byteLength), true);
  assert.equal(await store.has(digest, 3), false);
  assert.deepEqual(Buffer.from(await collect(store.open(digest), all)), content);
  assert.deepEqual(await readFile(store.path(digest)), content);
});

test("bytes that are not as expected are not kept", async (t) => {
  const store = await openStore(await temporaryFolder(t));
  const expected = { digest, sizeBytes: content.byteLength, what: "a package" };
  await assert.rejects(store.keep(bytesOf("other byte"), expected), { code: "DIGEST_MISMATCH" });
  await assert.rejects(store.keep(bytesOf("some bytes and more"), expected), { code: "DIGEST_MISMATCH" });
  await assert.rejects(store.keep(broken(), expected), { message: "broke off" });
  assert.equal(await store.has(digest), false);
  assert.deepEqual(readdirSync(join(store.directory, "tmp")), []);
});

test("a blob that was damaged on disk is noticed, removed and can be kept anew", async (t) => {
  const store = await openStore(await temporaryFolder(t));
  await store.keep(content);
  writeFileSync(store.path(digest), "some bytez");
  assert.equal(await store.verify(digest, content.byteLength), false);
  assert.equal(await store.has(digest), false);
  await store.keep(content);
  assert.equal(await store.verify(digest, content.byteLength), true);
});

test("a blob that is gone when it is read is a broken cache", async (t) => {
  const store = await openStore(await temporaryFolder(t));
  await assert.rejects(collect(store.open(digest), all), { code: "CACHE_BROKEN" });
});

test("values are kept by kind and key, and replaced", async (t) => {
  const store = await openStore(await temporaryFolder(t));
  assert.equal(await store.value("index", "a"), undefined);
  await store.keepValue("index", "a", bytesOf("one"));
  await store.keepValue("index", "a", Buffer.from("three"));
  assert.equal(String(await store.value("index", "a")), "three");
  const opened = await store.openValue("index", "a");
  assert.equal(opened?.sizeBytes, 5);
  assert.equal(String(opened?.read(1, 3)), "hre");
  assert.throws(() => opened?.read(3, 3), { code: "CACHE_BROKEN" });
  opened?.close();
  assert.throws(() => opened?.read(0, 1), { code: "CACHE_BROKEN" });
  await store.removeValue("index", "a");
  assert.equal(await store.openValue("index", "a"), undefined);
});

const damages = [
  { name: "cut short", damage: (bytes: Buffer) => bytes.subarray(0, -1), opens: false },
  { name: "emptied", damage: () => Buffer.alloc(0), opens: false },
  { name: "filled with zeros", damage: (bytes: Buffer) => Buffer.alloc(bytes.byteLength), opens: false },
  {
    name: "changed in its middle",
    damage: (bytes: Buffer) => Buffer.concat([Buffer.from("x"), bytes.subarray(1)]),
    opens: true,
  },
];
for (const { name, damage, opens } of damages) {
  test(`a value that was ${name} counts as absent`, async (t) => {
    const store = await openStore(await temporaryFolder(t));
    await store.keepValue("index", "a", Buffer.from("value"));
    const path = join(store.directory, "values/index/a");
    await writeFile(path, damage(await readFile(path)));
    assert.equal(await store.value("index", "a"), undefined);
    const opened = await store.openValue("index", "a");
    assert.equal(opened !== undefined, opens);
    opened?.close();
  });
}

test("a value's name cannot leave the store", async (t) => {
  const store = await openStore(await temporaryFolder(t));
  await assert.rejects(store.keepValue("index", "../../evil", content), TypeError);
  assert.throws(() => store.value("..", "a"), TypeError);
});

test("use is marked at most once a day", async (t) => {
  let now = new Date("2026-01-01T00:00:00Z");
  const store = await openStore(await temporaryFolder(t), { now: () => now });
  await store.keep(content);
  const usedAt = async (): Promise<number> => (await stat(store.path(digest))).mtimeMs;
  utimesSync(store.path(digest), now, now);
  now = new Date("2026-01-01T20:00:00Z");
  await store.has(digest);
  assert.equal(await usedAt(), Date.parse("2026-01-01T00:00:00Z"));
  now = new Date("2026-01-03T00:00:00Z");
  await store.has(digest);
  assert.equal(await usedAt(), now.getTime());
});

test("what was not used for longest is removed first", async (t) => {
  const store = await openStore(await temporaryFolder(t));
  const kept = await Promise.all(["aaaa", "bbbb", "cccc"].map((text) => store.keep(Buffer.from(text))));
  for (const [index, one] of kept.entries()) {
    const used = new Date(Date.now() - (10 - index) * 86_400_000);
    utimesSync(store.path(one), used, used);
  }
  await store.keepValue("index", "a", content);
  const { sizeBytes, kinds } = await store.size();
  assert.deepEqual(kinds.get("blobs"), { files: 3, sizeBytes: 12 });
  assert.deepEqual(await store.prune({ maxBytes: sizeBytes - 1 }), { files: 1, sizeBytes: 4 });
  assert.deepEqual(await store.prune({ olderThan: new Date(Date.now() - 8.5 * 86_400_000) }), {
    files: 1,
    sizeBytes: 4,
  });
  const left = await Promise.all(kept.map((one) => store.has(one)));
  assert.deepEqual(left, [false, false, true]);
  await mkdir(join(store.directory, "pieces/ab"), { recursive: true });
  await writeFile(join(store.directory, "pieces/ab/piece"), "12345");
  assert.deepEqual((await store.size()).kinds.get("pieces"), { files: 1, sizeBytes: 5 });
  await store.prune({ maxBytes: 0 });
  assert.equal((await store.size()).sizeBytes, 0);
});

test("a folder that is no store is not counted and not emptied", async (t) => {
  const folder = await temporaryFolder(t);
  await mkdir(join(folder, "values/precious"), { recursive: true });
  await writeFile(join(folder, "values/precious/letter"), "12345");
  await writeFile(join(folder, "CACHEDIR.TAG"), "Signature: 8a477f597d28d172789f06886806bc55\n# of another program\n");
  assert.equal((await sizeOfStore(folder)).sizeBytes, 0);
  assert.equal((await pruneStore(folder, { maxBytes: 0 })).files, 0);
  assert.equal(await readFile(join(folder, "values/precious/letter"), "utf8"), "12345");
});

test("leftovers of processes that are gone are removed, those of running ones stay for a day", async (t) => {
  const directory = await temporaryFolder(t);
  const store = await openStore(directory);
  const tmp = join(directory, "tmp");
  const gone = spawn("true");
  await once(gone, "exit");
  const names = {
    gone: `${ownerHost()}.${gone.pid}.0-0`,
    running: `${ownerHost()}.${process.pid}.0-0`,
    elsewhere: `other-host.${gone.pid}.0-0`,
    old: "other-host.1.0-1",
  };
  for (const name of Object.values(names)) writeFileSync(join(tmp, name), "x");
  const longAgo = new Date(Date.now() - 2 * 86_400_000);
  utimesSync(join(tmp, names.old), longAgo, longAgo);
  await openStore(store.directory);
  assert.deepEqual(readdirSync(tmp).sort(), [names.elsewhere, names.running].sort());
});

test("kill -9 in the middle of a write leaves a store that the next run uses", async (t) => {
  const directory = await temporaryFolder(t);
  const program = `
    import { openStore } from ${JSON.stringify(storeModule)};
    const store = await openStore(process.argv[1]);
    await store.keep((async function* () {
      yield Buffer.from("some ");
      process.stdout.write("writing");
      await new Promise((resolve) => setTimeout(resolve, 60_000));
    })());`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program, directory], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  assert.equal(readdirSync(join(directory, "tmp")).length, 1);
  child.kill("SIGKILL");
  await once(child, "exit");
  const store = await openStore(directory);
  assert.deepEqual(readdirSync(join(directory, "tmp")), []);
  assert.deepEqual(readdirSync(join(directory, "blobs/sha256")), []);
  await store.keep(content);
  assert.equal(await store.verify(digest, content.byteLength), true);
});

test("two processes that write the same bytes at once both succeed", async (t) => {
  const directory = await temporaryFolder(t);
  const program = `
    import { openStore } from ${JSON.stringify(storeModule)};
    const store = await openStore(process.argv[1]);
    for (let round = 0; round < 50; round++) {
      await store.keep((async function* () { yield Buffer.from("some "); yield Buffer.from("bytes"); })());
      await store.keepValue("index", "a", Buffer.from("value"));
      if (String(await store.value("index", "a")) !== "value") process.exit(2);
    }`;
  const run = (): Promise<unknown[]> =>
    once(spawn(process.execPath, ["--input-type=module", "-e", program, directory], { stdio: "inherit" }), "exit");
  assert.deepEqual(await Promise.all([run(), run()]), [
    [0, null],
    [0, null],
  ]);
  const store = await openStore(directory);
  assert.equal(await store.verify(digest, content.byteLength), true);
  assert.deepEqual(readdirSync(join(directory, "tmp")), []);
});

/** A small file system of its own, or the reason why there can be none. */
async function smallDisk(t: TestContext, options: string): Promise<string | undefined> {
  const folder = await mkdtemp(join(tmpdir(), "dodai-test-"));
  t.after(() => {
    spawnSync("umount", ["-l", folder]);
    return rm(folder, { recursive: true, force: true, maxRetries: 3 });
  });
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", options, "dodai-test", folder], { stdio: "pipe" });
  } catch (error) {
    if (process.env.DODAI_REQUIRE_ORACLES === "1") throw error;
    t.skip("needs root and mount");
    return undefined;
  }
  return folder;
}

test("a full disk is an error that says so, and nothing is half-written", async (t) => {
  const disk = await smallDisk(t, "size=256k");
  if (disk === undefined) return;
  const store = await openStore(disk);
  await store.keep(content);
  const large = (): AsyncGenerator<Uint8Array> =>
    bytesOf(...Array.from({ length: 10 }, () => Buffer.alloc(100_000, 7)));
  await assert.rejects(store.keep(large()), { code: "DISK_FULL" });
  await assert.rejects(store.keepValue("index", "a", large()), { code: "DISK_FULL" });
  assert.deepEqual(readdirSync(join(disk, "tmp")), []);
  assert.deepEqual(readdirSync(join(disk, "values/index")), []);
  assert.equal(await store.verify(digest, content.byteLength), true);
});

test("a store on a read-only disk can be read, and says what to do when it must be written", async (t) => {
  const disk = await smallDisk(t, "size=256k");
  if (disk === undefined) return;
  await (await openStore(join(disk, "cache"))).keep(content);
  execFileSync("mount", ["-o", "remount,ro", disk]);
  const store = await openStore(join(disk, "cache"));
  assert.equal(await store.verify(digest, content.byteLength), true);
  await assert.rejects(store.keep(bytesOf("more")), { code: "CACHE_UNWRITABLE" });
  await assert.rejects(openStore(join(disk, "other")), { code: "CACHE_UNWRITABLE" });
});

test("a cache folder without permission is told", async (t) => {
  const folder = await temporaryFolder(t);
  await mkdir(join(folder, "home"));
  await chmod(join(folder, "home"), 0o500);
  const program = `
    import { openStore } from ${JSON.stringify(storeModule)};
    await openStore(process.argv[1]).catch((error) => process.stdout.write(error.code));`;
  // Root may write everywhere, so it asks as nobody.
  const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
  const args = ["--input-type=module", "-e", program, join(folder, "home/cache")];
  assert.equal(execFileSync(process.execPath, args, { ...nobody, cwd: "/", encoding: "utf8" }), "CACHE_UNWRITABLE");
});

test("a file in the way of the cache folder is told", async (t) => {
  const path = join(await temporaryFolder(t), "file");
  await writeFile(path, "");
  await assert.rejects(openStore(path), { code: "CACHE_UNWRITABLE" });
});
