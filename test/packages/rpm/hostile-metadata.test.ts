// Metadata that was made to do harm: XML and YAML that unfold, nest, or name other files.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { bytesOf } from "../../../src/core/bytes.ts";
import { DodaiError } from "../../../src/core/dodai-error.ts";
import { readComps } from "../../../src/packages/rpm/comps.ts";
import { readFilelists } from "../../../src/packages/rpm/filelists.ts";
import { parseMirrorList } from "../../../src/packages/rpm/metalink.ts";
import { parseModules } from "../../../src/packages/rpm/modules.ts";
import { readPrimary } from "../../../src/packages/rpm/primary.ts";
import { parseRepomd } from "../../../src/packages/rpm/repomd.ts";
import { readUpdateinfo } from "../../../src/packages/rpm/updateinfo.ts";

const what = "a file of a test";
const maxBytes = 64 << 20;

/** Each reader of XML, with a document that it takes; `@` is where harm can be put, among the elements. */
const readers: readonly {
  readonly name: string;
  readonly good: string;
  readonly code: string;
  readonly read: (text: Uint8Array) => Promise<unknown>;
}[] = [
  {
    name: "repomd.xml",
    good: `<repomd>@<data type="primary"><checksum type="sha256">${"0".repeat(64)}</checksum><location href="a"/></data></repomd>`,
    code: "RELEASE_SYNTAX",
    read: (text) => parseRepomd(text, what),
  },
  {
    name: "primary.xml",
    good: `<metadata>@<package type="rpm"><name>a</name><arch>noarch</arch><version ver="1" rel="1"/><checksum type="sha256">0</checksum><size package="1"/><location href="a"/></package></metadata>`,
    code: "INDEX_SYNTAX",
    read: (text) => readPrimary(bytesOf(text), () => {}, { what, maxBytes }),
  },
  {
    name: "filelists.xml",
    good: `<filelists>@<package pkgid="0"><file>/a</file></package></filelists>`,
    code: "INDEX_SYNTAX",
    read: (text) => readFilelists(bytesOf(text), { wanted: new Set(["/a"]), found: () => {} }, { what, maxBytes }),
  },
  {
    name: "comps.xml",
    good: `<comps>@<group><id>core</id></group></comps>`,
    code: "INDEX_SYNTAX",
    read: (text) => readComps(bytesOf(text), { what, maxBytes }),
  },
  {
    name: "updateinfo.xml",
    good: `<updates>@<update><id>A</id><pkglist><collection><package name="a" version="1" release="1" arch="noarch"/></collection></pkglist></update></updates>`,
    code: "INDEX_SYNTAX",
    read: (text) => readUpdateinfo(bytesOf(text), { what, maxBytes, packages: [] }),
  },
  {
    name: "metalink",
    good: `<metalink>@<files><file name="repomd.xml"><resources><url>https://a.example/repodata/repomd.xml</url></resources></file></files></metalink>`,
    code: "INDEX_SYNTAX",
    read: (text) => parseMirrorList(text, what),
  },
];

const laughs = Array.from({ length: 9 }, (_, at) => `<!ENTITY l${at + 1} "${`&l${at};`.repeat(10)}">`).join("");
/** Before the document, or in it. */
const attacks: readonly { readonly name: string; readonly before?: string; readonly inside?: string | Uint8Array }[] = [
  { name: "billion laughs", before: `<!DOCTYPE a [<!ENTITY l0 "ha">${laughs}]>`, inside: "<x>&l9;</x>" },
  { name: "an entity of its own", before: `<!DOCTYPE a [<!ENTITY b "c">]>`, inside: "<x>&b;</x>" },
  {
    name: "an entity from a file",
    before: `<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>`,
    inside: "<x>&b;</x>",
  },
  { name: "a parameter entity", before: `<!DOCTYPE a [<!ENTITY % b SYSTEM "http://a.example/b"> %b;]>` },
  { name: "attributes by default", before: `<!DOCTYPE a [<!ATTLIST package pkgid CDATA "1">]>` },
  { name: "an entity that nobody declared", inside: "<x>&nbsp;</x>" },
  { name: "a NUL", inside: "<x>\0</x>" },
  { name: "a character that XML has not", inside: "<x>&#x1;</x>" },
  { name: "an attribute twice", inside: `<x a="1" a="2"/>` },
  { name: "tags that cross", inside: "<x><y></x></y>" },
  { name: "endless nesting", inside: "<x>".repeat(10_000) },
  { name: "an endless text", inside: `<x>${"a".repeat(9 << 20)}</x>` },
  { name: "an endless name", inside: `<${"a".repeat(9 << 20)}/>` },
  { name: "an endless attribute", inside: `<x a="${"a".repeat(9 << 20)}"/>` },
  { name: "an endless comment", inside: `<!--${"a".repeat(9 << 20)}-->` },
  { name: "endless elements", inside: "<x/>".repeat(2_000_001) },
  { name: "no end", inside: "<x>" },
];

const cut = (text: string): Uint8Array => Buffer.from(text);

for (const { name, good, code, read } of readers) {
  describe(`${name} is refused`, () => {
    it("not when it is good, with a document type that is only named", async () => {
      await read(cut(good.replace("@", "")));
      await read(cut(`<!DOCTYPE a PUBLIC "-//A//B//EN" "http://a.example/a.dtd">${good.replace("@", "<!-- a -->")}`));
    });
    for (const attack of attacks) {
      it(`with ${attack.name}`, async () => {
        const text = `${attack.before ?? ""}${good.replace("@", () => String(attack.inside ?? ""))}`;
        const outcome = await chunked(read, text);
        assert.ok(outcome instanceof DodaiError, String(outcome));
        assert.equal(outcome.code, code);
        assert.ok(outcome.message.length < 400, "a message of bounded length");
      });
    }
  });
}

async function chunked(read: (text: Uint8Array) => Promise<unknown>, text: string): Promise<unknown> {
  return read(Buffer.from(text)).then(
    () => "read",
    (error: unknown) => error,
  );
}

describe("modules.yaml", () => {
  const stream = (lines: readonly string[]): string =>
    ["---", "document: modulemd", "data:", "  name: a", '  stream: "1"', ...lines, "..."].join("\n");
  it("has no aliases that unfold", () => {
    const bomb = Array.from({ length: 9 }, (_, at) => `  a${at}: &a${at} [${`*a${at - 1}, `.repeat(9)}]`);
    const { streams } = parseModules(stream(bomb), what);
    assert.deepEqual([streams.length, streams[0]?.module, streams[0]?.artifacts], [1, "a", []]);
  });
  it("has any number of documents, and of artifacts", () => {
    const many = stream([
      "  artifacts:",
      "    rpms:",
      ...Array.from({ length: 100_000 }, (_, at) => `    - a-0:${at}-1.noarch`),
    ]);
    assert.equal(parseModules(`${many}\n`.repeat(3), what).streams[2]?.artifacts.length, 100_000);
  });
  it("is refused when it lies endlessly deep", () => {
    const deep = Array.from({ length: 3000 }, (_, at) => `${" ".repeat(2 + at)}k:`);
    assert.throws(() => parseModules(stream(deep), what), { code: "INDEX_SYNTAX" });
  });
  it("is refused without names", () => {
    assert.throws(() => parseModules("---\ndocument: modulemd\ndata: {}\n", what), { code: "INDEX_SYNTAX" });
  });
  it("is refused with names that every object of JavaScript has", () => {
    const named = stream([]).replace('"1"', "constructor");
    const defaults = "---\ndocument: modulemd-defaults\ndata:\n  module: a\n  profiles:\n    x: [toString]\n";
    for (const text of [named, defaults]) assert.throws(() => parseModules(text, what), { code: "INDEX_SYNTAX" });
  });
});
