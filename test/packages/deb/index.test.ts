import assert from "node:assert/strict";
import { describe, it, test } from "node:test";
import fc from "fast-check";
import { bytesOf } from "../../../src/core/bytes.ts";
import type { PackageRecord } from "../../../src/packages/contract.ts";
import { memoryIndex, openIndex } from "../../../src/packages/deb/index.ts";
import { compileIndex, compileText } from "../../../src/packages/deb/index-compile.ts";
import { memoryAccess } from "../../../src/packages/memory-access.ts";
import { type DebSpec, packagesText } from "../../kit/deb.ts";

const specs: readonly DebSpec[] = [
  {
    name: "postfix",
    version: "3.10-1",
    fields: {
      Source: "postfix-src (3.10-0)",
      "Multi-Arch": "foreign",
      Priority: "optional",
      "Installed-Size": "12",
      "Pre-Depends": "init-system-helpers (>= 1.54~)",
      Depends: "libc6 (>= 2.38), adduser | base-passwd",
      Conflicts: "mail-transport-agent",
      Provides: "mail-transport-agent, default-mta (= 3.10), mail-transport-agent (= 1)",
      Description: "mail server\n with a long description",
    },
  },
  { name: "bash", version: "5.2-1", fields: { Essential: "yes", Priority: "required" } },
  { name: "exim4", version: "4.98-1", fields: { Provides: "mail-transport-agent", Priority: "standard" } },
  { name: "bash", version: "5.2-1+b1", fields: { Essential: "yes", Priority: "required" } },
  { name: "bash", version: "5.2~rc1-1", fields: { Priority: "odd" } },
  {
    name: "apt",
    version: "3.0",
    fields: { Important: "yes", Priority: "important", "Phased-Update-Percentage": "30" },
  },
  { name: "sysvinit", fields: { Protected: "yes", Tag: "a::b,\n c::d" }, architecture: "all" },
];
const text = packagesText(specs);
const nameAndVersion = (record: PackageRecord): string => `${record.name} ${record.version}`;

describe("a compiled index", () => {
  const index = memoryIndex(text);

  it("has every package", () => {
    assert.equal(index.size, 7);
    assert.deepEqual([...index.names()], ["apt", "bash", "exim4", "postfix", "sysvinit"]);
  });

  it("reads a whole record", () => {
    const [record] = index.named("postfix");
    const { digest, sizeBytes, ...rest } = record ?? assert.fail();
    assert.match(digest, /^sha256:[0-9a-f]{64}$/);
    assert.ok(sizeBytes > 100);
    assert.deepEqual(rest, {
      name: "postfix",
      version: "3.10-1",
      architecture: "amd64",
      source: { name: "postfix-src", version: "3.10-0" },
      path: "pool/main/p/postfix/postfix_3.10-1_amd64.deb",
      installedBytes: 12 * 1024,
      essential: false,
      protected: false,
      priority: "optional",
      multiArch: "foreign",
      provides: [
        { name: "mail-transport-agent" },
        { name: "default-mta", version: "3.10" },
        { name: "mail-transport-agent", version: "1" },
      ],
      relations: [
        {
          kind: "pre-depends",
          anyOf: [{ name: "init-system-helpers", constraint: { operator: ">=", version: "1.54~" } }],
        },
        { kind: "depends", anyOf: [{ name: "libc6", constraint: { operator: ">=", version: "2.38" } }] },
        { kind: "depends", anyOf: [{ name: "adduser" }, { name: "base-passwd" }] },
        { kind: "conflicts", anyOf: [{ name: "mail-transport-agent" }] },
      ],
      summary: "mail server",
    });
  });

  it("has versions newest first", () => {
    assert.deepEqual(index.named("bash").map(nameAndVersion), ["bash 5.2-1+b1", "bash 5.2-1", "bash 5.2~rc1-1"]);
  });

  it("finds providers once each, in index order", () => {
    assert.deepEqual(index.providing("mail-transport-agent").map(nameAndVersion), ["postfix 3.10-1", "exim4 4.98-1"]);
    assert.deepEqual(index.providing("default-mta").map(nameAndVersion), ["postfix 3.10-1"]);
    assert.deepEqual(index.providing("bash"), []);
  });

  it("finds essential packages and priorities", () => {
    assert.deepEqual(index.flagged("essential").map(nameAndVersion), ["bash 5.2-1", "bash 5.2-1+b1"]);
    const flagged = index.flagged({ priorities: ["important", "odd"] }).map(nameAndVersion);
    assert.deepEqual(flagged, ["bash 5.2-1", "bash 5.2-1+b1", "bash 5.2~rc1-1", "apt 3.0"]);
  });

  it("protects Essential, Important and Protected packages", () => {
    const isProtected = ["bash", "apt", "sysvinit", "exim4"].map((name) => index.named(name)[0]?.protected);
    assert.deepEqual(isProtected, [true, true, true, false]);
  });

  it("says phasing where the index does", () => {
    assert.equal(index.named("apt")[0]?.phasedPercent, 30);
    assert.ok(!("phasedPercent" in (index.named("bash")[0] ?? {})));
  });

  it("gives the same record for the same package each time", () => {
    assert.equal(index.named("exim4")[0], index.providing("mail-transport-agent")[1]);
  });

  it("has a package's text without what nobody needs", () => {
    const [record = assert.fail()] = index.named("sysvinit");
    const stanza = index.stanza(record);
    assert.match(stanza, /^Package: sysvinit\nVersion: 1.0-1\nArchitecture: all\nProtected: yes\nFilename: /);
    assert.doesNotMatch(stanza, /Tag|c::d|Maintainer/);
  });

  it("counts when names first come up, in apt's order of fields", () => {
    const named = (name: string, fields: Readonly<Record<string, string>>): DebSpec => ({ name, fields });
    const index = memoryIndex(
      packagesText([
        named("a1", { Provides: "b2", Enhances: "c3", Depends: "d4 (>= 1) | e5, python3:any", "Pre-Depends": "f6" }),
        ...["b2", "c3", "d4", "e5", "f6", "python3"].map((name) => named(name, {})),
      ]),
    );
    const order = ["a1", "f6", "d4", "e5", "c3", "b2", "python3"];
    assert.deepEqual(
      order.map((name) => index.mentioned?.(name)),
      [0, 1, 2, 3, 4, 5, 6],
    );
    assert.equal(index.mentioned?.("none"), -1);
  });

  it("knows nothing of other names", () => {
    assert.deepEqual(index.named("none"), []);
    assert.deepEqual(index.providing("none"), []);
  });
});

it("an index of nothing is empty", () => {
  const index = memoryIndex("\n");
  assert.equal(index.size, 0);
  assert.deepEqual([...index.names()], []);
  assert.deepEqual(index.flagged("essential"), []);
});

it("an index of records answers as one of text does", () => {
  const compiled = memoryIndex(text);
  const records = [...compiled.names()].flatMap((name) => compiled.named(name));
  const index = memoryIndex(records);
  assert.deepEqual(index.named("bash").map(nameAndVersion), compiled.named("bash").map(nameAndVersion));
  assert.deepEqual(index.names(), compiled.names());
  assert.equal(index.providing("mail-transport-agent").length, 2);
});

test("the compiled bytes do not depend on how the text is cut", async () => {
  const whole = compileText(text);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(text.length), { maxLength: 6 }), async (cuts) => {
      const places = [0, ...cuts.sort((a, b) => a - b), text.length];
      const chunks = places.slice(1).map((end, at) => text.slice(places[at], end));
      assert.deepEqual(await compileIndex(bytesOf(...chunks)), whole);
    }),
    { numRuns: 30 },
  );
});

const good = `Package: a1\nVersion: 1\nArchitecture: all\nFilename: a.deb\nSize: 1\nSHA256: ${"0".repeat(64)}\nDescription: a\n`;
const without = (field: string): string => good.replace(new RegExp(`^${field}: .*\n`, "m"), "");
const refused = [
  { name: "no Filename", text: without("Filename"), says: 'package "a1" has no field "Filename"' },
  { name: "no Size", text: without("Size"), says: 'package "a1" has no field "Size"' },
  {
    name: "no SHA256, even with MD5sum",
    text: `${without("SHA256")}MD5sum: 0\n`,
    says: 'package "a1" has no field "SHA256"',
  },
  { name: "no Version", text: without("Version"), says: 'package "a1" has no field "Version"' },
  { name: "no Package", text: without("Package"), says: 'package "Version: 1' },
  { name: "a field twice", text: `${good}size: 2\n`, says: 'package "a1" has field "size" twice' },
  {
    name: "one version with two files",
    text: `${good}\n${good.replace("0000", "1111")}`,
    says: 'package "a1" has version "1" twice',
  },
  { name: "a line without a colon", text: `${good}hello\n`, says: '"hello" is no field' },
  { name: "a text that starts inside a field", text: ` x\n${good}`, says: '" x" is no field' },
  { name: "HTML", text: "<!DOCTYPE html>\n<p>Login\n", says: '"<!DOCTYPE html>" is no field' },
];
describe("compileIndex refuses", () => {
  for (const { name, text, says } of refused) {
    it(name, () =>
      assert.throws(
        () => compileText(text),
        (error: Error & { code?: string }) => {
          assert.equal(error.code, "INDEX_SYNTAX");
          assert.ok(error.message.startsWith(`Cannot read the package index: ${says}`), error.message);
          return true;
        },
      ),
    );
  }

  it("more text than allowed", async () => {
    await assert.rejects(compileIndex(bytesOf(good), { maxBytes: 50, what: "Packages" }), {
      code: "INDEX_SYNTAX",
      message: "Cannot read Packages: it is larger than 50 bytes",
    });
  });

  it("a stanza without end", () => {
    assert.throws(() => compileText(`A: ${"x".repeat(5 << 20)}`), { code: "INDEX_SYNTAX" });
  });
});

it("takes a stanza that is there twice once", () => {
  const index = memoryIndex(`${good}\n${good}`);
  assert.equal(index.size, 1);
  assert.equal(index.named("a1").length, 1);
});

const brokenRecords = [
  { name: "a name that is a path", text: good.replace("a1", "../a1"), of: "../a1" },
  { name: "an absolute path", text: good.replace("a.deb", "/a.deb") },
  { name: "a path that leads out", text: good.replace("a.deb", "x/../../a.deb") },
  { name: "a size that is no number", text: good.replace("Size: 1", "Size: 1e3") },
  { name: "a hash that is none", text: good.replace("0000", "zzzz") },
  { name: "a version that dpkg refuses", text: good.replace("Version: 1", "Version: 1-") },
  { name: "an architecture that is a path", text: good.replace("all", "../x") },
  { name: "an unknown Multi-Arch", text: `${good}Multi-Arch: maybe\n` },
  { name: "a relation field twice", text: `${good}Depends: b2\nDepends: c3\n` },
];
for (const { name, text, of = "a1" } of brokenRecords) {
  it(`a record refuses ${name}`, () => {
    assert.throws(() => memoryIndex(text).named(of), { code: "INDEX_SYNTAX" });
  });
}

it("names package and field of a broken relation", () => {
  assert.throws(() => memoryIndex(`${good}Depends: b2 (1)\n`).named("a1"), {
    code: "RELATION_SYNTAX",
    message: /^Cannot read depends of "a1"/,
  });
});

describe("openIndex refuses with CACHE_BROKEN", () => {
  const compiled = compileText(text);
  const open = (bytes: Uint8Array) => openIndex(memoryAccess(bytes));
  const everything = (bytes: Uint8Array) => {
    const index = open(bytes);
    for (const { name } of specs) index.named(name);
  };

  it("a file that is cut off anywhere", () => {
    for (const length of [0, 5, 39, 40, 200, compiled.length - 1]) {
      assert.throws(() => open(compiled.subarray(0, length)), { code: "CACHE_BROKEN" });
    }
  });

  it("bytes after the end", () => {
    assert.throws(() => open(Buffer.concat([compiled, Buffer.alloc(4)])), { code: "CACHE_BROKEN" });
  });

  it("a bit flipped anywhere", () => {
    for (let at = 0; at < compiled.length; at += 7) {
      const damaged = Uint8Array.from(compiled);
      damaged[at] = (damaged[at] ?? 0) ^ 0x10;
      assert.throws(() => everything(damaged), { code: "CACHE_BROKEN" }, `byte ${at}`);
    }
  });
});
