// Debian's texts: indexes, Release, control files, relations, versions.
import { compareBytes } from "../src/core/byte-order.ts";
import { bytesOf } from "../src/core/bytes.ts";
import { DodaiError } from "../src/core/dodai-error.ts";
import type { PackageRecord } from "../src/packages/contract.ts";
import { fieldOf, formatStanza, parseStanzas } from "../src/packages/deb/deb822.ts";
import { openIndex } from "../src/packages/deb/index.ts";
import { compileIndex, compileText } from "../src/packages/deb/index-compile.ts";
import { parseProvides, parseRelations, parseRequest } from "../src/packages/deb/relation.ts";
import { parseRelease } from "../src/packages/deb/release.ts";
import { compareVersions } from "../src/packages/deb/version.ts";
import { memoryAccess } from "../src/packages/memory-access.ts";
import { assertInside, assertSame, Fault, type Target } from "./contract.ts";
import { fixtures, madePackages } from "./corpus.ts";
import { mutateStanzas } from "./mutate-text.ts";

const what = "a fuzzed file";
const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("utf8");
const starts = (files: readonly Uint8Array[], bytes = 24_000): readonly Uint8Array[] =>
  files.map((file) => file.subarray(0, bytes));

const fieldWords = [
  "Package",
  "Version",
  "Architecture",
  "Filename",
  "Size",
  "SHA256",
  "Depends",
  "Provides",
  "Breaks",
  "Essential",
  "Priority",
  "constructor",
  "__proto__",
  "yes",
  "1:0~a-1",
  "a (>= 1.0)",
  "a (constructor 1)",
  "a:any | b [amd64] <!x>",
  "pool/../../x.deb",
  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
];

const operators: ReadonlySet<unknown> = new Set(["<", "<=", "=", ">=", ">"]);
const kinds: ReadonlySet<unknown> = new Set([
  ..."pre-depends depends recommends suggests conflicts breaks replaces obsoletes".split(" "),
]);

function assertRecord(record: PackageRecord): void {
  assertInside(record.path, "path of a package file");
  if (!/^[A-Za-z0-9][A-Za-z0-9+._-]*$/.test(record.name)) throw new Fault(`package name "${record.name}"`);
  for (const { kind, anyOf } of record.relations) {
    if (!kinds.has(kind)) throw new Fault(`a relation of kind ${String(kind)}`);
    for (const { constraint } of anyOf) {
      if (constraint && !operators.has(constraint.operator)) throw new Fault(`operator ${String(constraint.operator)}`);
    }
  }
}

/** What an index says, all of it, in an order that does not depend on how it lies. */
function contentOf(bytes: Uint8Array): readonly PackageRecord[] {
  const index = openIndex(memoryAccess(bytes));
  const names = [...index.names()];
  const records = names.flatMap((name) => index.named(name));
  for (const record of records) {
    assertRecord(record);
    for (const { name } of record.provides) {
      if (!index.providing(name).includes(record)) throw new Fault(`"${record.name}" is not found as "${name}"`);
    }
    index.stanza(record);
  }
  for (const record of index.flagged({ priorities: ["required", "odd"] })) {
    if (!index.named(record.name).includes(record)) throw new Fault(`"${record.name}" is flagged and not named`);
  }
  if (records.length !== index.size) throw new Fault(`an index of ${index.size} packages names ${records.length}`);
  return records;
}

/** Name, version, architecture and digest of every stanza, read by the other parser; without those that repeat one. */
function expectedOf(text: string): readonly string[] {
  const found = new Set<string>();
  for (const stanza of parseStanzas(text, { what })) {
    const value = (name: string): string => fieldOf(stanza, name) ?? "";
    found.add([value("Package"), value("Version"), value("Architecture"), value("SHA256").toLowerCase()].join(" "));
  }
  return [...found].sort(compareBytes);
}

const indexCodes = ["CACHE_BROKEN", "INDEX_SYNTAX", "RELATION_SYNTAX", "VERSION_SYNTAX"] as const;

const index: Target = {
  name: "index",
  codes: indexCodes,
  open: () => ({
    corpus: [Buffer.from(madePackages), ...starts(fixtures("{deb,solver,distroless}/**/*Packages*", 24))],
    mutate: (input, random) => mutateStanzas(input, random, fieldWords),
    words: fieldWords,
    async run(input) {
      const compiled = await compileIndex(bytesOf(input.subarray(0, 700), input.subarray(700)));
      const records = contentOf(compiled);
      const told = records.map(({ name, version, architecture, digest }) =>
        [name, version, architecture, digest.slice("sha256:".length)].join(" "),
      );
      let expected: readonly string[];
      try {
        expected = expectedOf(textOf(input));
      } catch (error) {
        if (error instanceof DodaiError) return; // The other parser is stricter: nothing to compare with.
        throw error;
      }
      assertSame([...new Set(told)].sort(compareBytes), expected, "the text and its compiled index");
    },
  }),
};

const goodPackages = compileText(madePackages);

const compiledIndex: Target = {
  name: "compiled-index",
  codes: indexCodes,
  open: () => {
    const wanted = JSON.stringify(contentOf(goodPackages));
    return {
      corpus: [goodPackages],
      run(input) {
        if (JSON.stringify(contentOf(input)) !== wanted) throw new Fault("a damaged index gives other records");
      },
    };
  },
};

const release: Target = {
  name: "release",
  codes: ["RELEASE_SYNTAX"],
  open: () => ({
    corpus: [
      Buffer.from(
        `Suite: stable\nDate: Sat, 21 Nov 2026 09:15:44 UTC\nSHA256:\n ${"ab".repeat(32)} 12 main/binary-amd64/Packages\n`,
      ),
      ...starts(fixtures("deb/**/Release", 10)),
    ],
    mutate: (input, random) => mutateStanzas(input, random, ["Date", "SHA256", "Valid-Until", "Suite", ...fieldWords]),
    words: ["SHA256:", " UTC", "Valid-Until: "],
    run(input) {
      const { date, validUntil, files } = parseRelease(textOf(input), what);
      if (Number.isNaN(date.getTime()) || Number.isNaN(validUntil?.getTime() ?? 0)) throw new Fault("a date is none");
      for (const { digest, sizeBytes } of files.values()) {
        if (!/^sha256:[0-9a-f]{64}$/.test(digest) || !Number.isSafeInteger(sizeBytes)) throw new Fault("a broken file");
      }
    },
  }),
};

const deb822: Target = {
  name: "deb822",
  codes: ["CONTROL_SYNTAX"],
  open: () => ({
    corpus: [
      Buffer.from(madePackages),
      ...starts(fixtures("{deb,solver}/**/{*.dsc,*Packages*,Release,status*}", 30), 8000),
    ],
    mutate: (input, random) => mutateStanzas(input, random, fieldWords),
    words: fieldWords,
    run(input) {
      for (const comments of [false, true]) {
        const stanzas = [...parseStanzas(textOf(input), { what, comments })];
        const again = [...parseStanzas(stanzas.map((one) => formatStanza(one.values())).join("\n"), { what })];
        const plain = (list: typeof stanzas): unknown =>
          list.map((stanza) => [...stanza.values()].map(({ name, value }) => [name, value]));
        assertSame(plain(stanzas), plain(again), "stanzas, read and written and read again,");
      }
    },
  }),
};

const relation: Target = {
  name: "relation",
  codes: ["RELATION_SYNTAX"],
  open: () => ({
    corpus: [
      "libc6 (>= 2.38), libssl3t64 (>= 3.0.0) | libssl3 (>> 3), perl:any",
      "a [amd64 !i386] <!nocheck> <x y>, b (= 1:2.0~rc1-1)",
      "a(>=1),b (<< 2) |c",
      "foo",
    ].map((text) => Buffer.from(text)),
    words: [...fieldWords, "(>= ", ")", " | ", ", ", "(", "[", "<", ":any", "(constructor 1)"],
    run(input) {
      const text = textOf(input);
      const context = { what, architecture: "amd64" };
      const readers = [
        () => [parseRequest(text)],
        () => parseProvides(text, context),
        ...(["depends", "conflicts"] as const).map(
          (kind) => () => parseRelations(text, kind, context).flatMap((one) => one.anyOf),
        ),
      ];
      let refusal: unknown;
      for (const read of readers) {
        try {
          for (const one of read()) {
            if (!/^[A-Za-z0-9][A-Za-z0-9+._-]*$/.test(one.name)) throw new Fault(`name "${one.name}"`);
            if ("constraint" in one && !operators.has(one.constraint?.operator)) throw new Fault("no operator");
          }
        } catch (error) {
          if (!(error instanceof DodaiError)) throw error;
          refusal = error;
        }
      }
      if (refusal !== undefined) throw refusal;
    },
  }),
};

/** Three versions on lines: an order must be one. */
const version: Target = {
  name: "version",
  codes: ["VERSION_SYNTAX"],
  open: () => ({
    corpus: ["1.0-1\n1.0-1+b1\n1.0~rc1-1", "1:2\n0:2\n2", "1.0\n1.0-0\n1.00", "a1\n1a\n1~~"].map((one) =>
      Buffer.from(one),
    ),
    words: ["~", "-", ":", "+", ".", "0", "00", "1", "9", "a", "\n"],
    run(input) {
      const [a = "", b = "", c = ""] = textOf(input).split("\n");
      const sign = (x: string, y: string): number => Math.sign(compareVersions(x, y));
      if (sign(a, a) !== 0 || sign(a, b) + sign(b, a) !== 0) throw new Fault(`no order: ${a} ${b}`);
      if (sign(a, b) <= 0 && sign(b, c) <= 0 && sign(a, c) > 0) throw new Fault(`no order: ${a} ${b} ${c}`);
    },
  }),
};

export const debTargets: readonly Target[] = [index, compiledIndex, release, deb822, relation, version];
