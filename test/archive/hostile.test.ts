// Attacks on the readers of archives that once worked.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { compressionOfName } from "../../src/archive/compression.ts";
import { readTarBuffer } from "../../src/archive/tar.ts";
import { extended, header, pax, paxRecord } from "./make-tar.ts";

const limits = { maxEntries: 1000, maxTotalBytes: 1 << 24, maxHeaderBytes: 1 << 20 };
const read = (...parts: readonly Uint8Array[]): unknown[] => [...readTarBuffer(Buffer.concat(parts), limits)];

describe("readTar", () => {
  it("refuses a sparse map with more numbers than a call can have arguments", () => {
    const map = `GNU.sparse.map=${"0,".repeat(300_000)}`;
    const readings = read(pax("GNU.sparse.size=0", map), header());
    assert.equal(readings.length, 1);
    assert.throws(() => read(pax("GNU.sparse.size=0", `${map}1`), header()), { code: "ARCHIVE_BROKEN" });
  });

  for (const key of ["SCHILY.xattr.user.x", "LIBARCHIVE.xattr.user.x", "path", "GNU.sparse.map", "GNU.sparse.\nmap"]) {
    it(`refuses a global "${key.trim()}", which every later entry would have a copy of`, () => {
      const record = paxRecord(`${key}=${"y".repeat(1000)}`);
      assert.throws(() => read(extended("g", record), header()), { code: "ARCHIVE_BROKEN" });
    });
  }

  it("refuses a global time so long that reading it again and again would take hours", () => {
    const record = paxRecord(`mtime=1.${"0".repeat(1000)}`);
    assert.throws(() => read(extended("g", record), header()), { code: "ARCHIVE_BROKEN" });
  });

  it("forgets global records that mean nothing, which every later entry would pass over", () => {
    const records = Array.from({ length: 30_000 }, (_, at) => paxRecord(`key${at}=x`)).join("");
    const [first] = readTarBuffer(Buffer.concat([extended("g", `${records}${paxRecord("uid=7")}`), header()]), limits);
    assert.equal(first?.entry.uid, 7);
  });
});

describe("compressionOfName", () => {
  for (const name of ["data.tar.valueOf", "data.tar.constructor", "data.tar.__proto__"]) {
    it(`knows no compression of "${name}"`, () => assert.equal(compressionOfName(name), "none"));
  }
});
