// Our reader of XML beside a general one: both see the same in documents, whatever the pieces are that they come in.
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, test } from "node:test";
import { gunzipSync } from "node:zlib";
import { SaxesParser } from "saxes";
import { readXml } from "../../../src/packages/rpm/xml.ts";
import { fixture, needs } from "../../kit/oracle.ts";

type Event = readonly ["open", string, Readonly<Record<string, string>>] | readonly ["close", string, string];

async function* inPieces(bytes: Uint8Array, length: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
}

/** `undefined` when it is refused. */
async function ours(bytes: Uint8Array, length: number): Promise<readonly Event[] | undefined> {
  const events: Event[] = [];
  const handler = {
    open: (name: string, attributes: Readonly<Record<string, string>>) =>
      void events.push(["open", name, { ...attributes }]),
    close: (name: string, text: string) => void events.push(["close", name, text.trim()]),
  };
  const read = readXml(inPieces(bytes, length), handler, { what: "a document", maxBytes: 1 << 30 });
  return read.then(
    () => events,
    (error: unknown) => {
      assert.equal((error as { code?: unknown }).code, "INDEX_SYNTAX", String(error));
      return undefined;
    },
  );
}

function theirs(bytes: Uint8Array): readonly Event[] | undefined {
  const events: Event[] = [];
  const texts: string[] = [];
  const parser = new SaxesParser();
  parser.on("error", (error) => {
    throw error;
  });
  parser.on("opentag", ({ name, attributes }) => {
    texts.push("");
    events.push(["open", name, { ...(attributes as Record<string, string>) }]);
  });
  const add = (text: string): void => {
    if (texts.length > 0) texts.push((texts.pop() ?? "") + text);
  };
  parser.on("text", add);
  parser.on("cdata", add);
  parser.on("closetag", ({ name }) => void events.push(["close", name, (texts.pop() ?? "").trim()]));
  try {
    parser.write(new TextDecoder().decode(bytes)).close();
    return events;
  } catch {
    return undefined;
  }
}

const documents: readonly (readonly [what: string, text: string])[] = [
  ["entities", `<a b="&lt;&#65;&#x1F600;&quot;">&amp;amp;&apos;&gt;</a>`],
  ["an entity without its end", "<a>&amp</a>"],
  ["an entity with a space", "<a>& amp;</a>"],
  ["a surrogate", "<a>&#xD800;</a>"],
  ["ends of lines", '<a b="1\r\n2\n3\r4\t5">1\r\n2\r3\n</a>'],
  ["CDATA", "<a>x<![CDATA[<y>&amp;]] >]]>z</a>"],
  ["the end of CDATA alone", "<a>]]></a>"],
  ["comments", "<!-- a --><a>x<!-- <b> & - -->y</a><!-- c -->"],
  ["a comment with two dashes", "<a><!-- b -- c --></a>"],
  ["instructions", "<?xml version='1.0' encoding=\"UTF-8\" standalone='yes'?><?b c?><a><?d e > ?></a>"],
  ["a false declaration", "<?xml encoding='UTF-8'?><a/>"],
  ["an instruction without a name", "<a><? b?></a>"],
  ["a byte-order mark", "\ufeff<a/>"],
  ["names of other letters", "<é:a-b.c ü='1'><日本/></é:a-b.c>"],
  ["a name that begins with a digit", "<1a/>"],
  ["white space in tags", "<a\n b = 'c'\t></a >"],
  ["white space before a name", "< a/>"],
  ["white space before the slash of an end", "<a>< /a>"],
  ["attributes without space between", "<a b='1'c='2'/>"],
  ["an attribute without quotes", "<a b=1/>"],
  ["an attribute without a value", "<a b/>"],
  ["less-than in an attribute", "<a b='<'/>"],
  ["greater-than and a quote in an attribute", `<a b='> " />'/>`],
  ["an attribute that objects have", "<a constructor='1' toString='2'/>"],
  ["two roots", "<a/><b/>"],
  ["text before", "a<a/>"],
  ["text behind", "<a/>a"],
  ["nothing", ""],
  ["white space alone", " \n"],
  ["an end alone", "</a>"],
  ["an end that is missing", "<a><b></b>"],
  ["an end within a tag", "<a/><b"],
  ["a document type", "<!DOCTYPE a SYSTEM 'a.dtd'><a/>"],
  ["a document type too late", "<a/><!DOCTYPE a>"],
  ["another declaration", "<!ELEMENT a ANY><a/>"],
  ["a control character", "<a>\u0001</a>"],
];

describe("what is read, and what is refused, is the same as with saxes for", () => {
  for (const [what, text] of documents) {
    it(what, async () => {
      const bytes = Buffer.from(text);
      const wanted = theirs(bytes);
      for (const length of [1, 2, 7, 1 << 20])
        assert.deepEqual(await ours(bytes, length), wanted, `in pieces of ${length}`);
    });
  }
});

const fixtures = fixture("rpm");

test("metadata of real repositories reads the same as with saxes", needs(fixtures), async () => {
  const paths = globSync("**/*.xml{,.gz}", { cwd: fixtures });
  assert.ok(paths.length > 50);
  for (const path of paths) {
    const stored = readFileSync(join(fixtures, path));
    if (stored.length > 100_000) continue;
    let bytes: Uint8Array = stored;
    try {
      if (path.endsWith(".gz")) bytes = gunzipSync(stored);
    } catch {
      continue;
    }
    assert.deepEqual(await ours(bytes, 1000), theirs(bytes), path);
  }
});
