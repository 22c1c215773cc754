// What rpm's family gives to read: packages, their payload, and the metadata of repositories.
import { readCpio } from "../src/archive/cpio.ts";
import { bytesOf } from "../src/core/bytes.ts";
import { DodaiError } from "../src/core/dodai-error.ts";
import type { DatabaseOptions, InstalledPackage, RpmBackend } from "../src/packages/contract.ts";
import { memoryAccess } from "../src/packages/memory-access.ts";
import { parseCapabilities } from "../src/packages/rpm/capability.ts";
import { readComps } from "../src/packages/rpm/comps.ts";
import { formatDatabase } from "../src/packages/rpm/database.ts";
import { restoreDatabase } from "../src/packages/rpm/database-restore.ts";
import { readFilelists } from "../src/packages/rpm/filelists.ts";
import { openIndex } from "../src/packages/rpm/index.ts";
import { startIndex } from "../src/packages/rpm/index-compile.ts";
import { parseMirrorList } from "../src/packages/rpm/metalink.ts";
import { parseModules } from "../src/packages/rpm/modules.ts";
import { openPackage } from "../src/packages/rpm/package-file.ts";
import { readingPrimary } from "../src/packages/rpm/primary.ts";
import { parseRelation } from "../src/packages/rpm/relation.ts";
import { parseRepomd } from "../src/packages/rpm/repomd.ts";
import { compareVersions } from "../src/packages/rpm/version.ts";
import { makeCpio, makeRpm, type RpmSpec } from "../test/kit/rpm.ts";
import { makeRpmRepository } from "../test/kit/rpm-repository.ts";
import { assertInside, Fault, type Target } from "./contract.ts";
import { fixtures } from "./corpus.ts";

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("utf8");
const limits = { maxControlBytes: 4 << 20, maxTreeBytes: 16 << 20, maxEntries: 10_000 };

const specs: readonly RpmSpec[] = [
  {
    name: "alpha",
    epoch: 1,
    requires: ["beta >= 1.0", "(gamma if delta)", "/bin/sh"],
    compression: "none",
    tree: [
      { path: "usr/bin/alpha", content: "a", mode: 0o755, caps: "cap_net_raw=ep", inode: 3 },
      { path: "usr/bin/again", content: "a", mode: 0o755, caps: "cap_net_raw=ep", inode: 3 },
      { path: "usr/bin/a", kind: "symlink", target: "alpha" },
      { path: "var/log/alpha", content: "", flags: 64 },
      { path: "dev/null", kind: "character-device", major: 1, minor: 3 },
    ],
    scripts: { post: "true" },
  },
  { name: "beta", obsoletes: ["old < 2"], tree: [{ path: "etc/beta", kind: "directory" }] },
];
const made = makeRpmRepository({ packages: specs, compression: "none" });
const madeText = (part: string): Uint8Array => [...made].find(([path]) => path.includes(part))?.[1] ?? new Uint8Array();

const packageCodes = ["PACKAGE_BROKEN", "DIGEST_MISMATCH", "ARCHIVE_UNSAFE_PATH", "ARCHIVE_TOO_LARGE"] as const;

async function drain(input: Uint8Array): Promise<void> {
  const { control, items } = await openPackage(bytesOf(input), limits);
  const paths: string[] = [];
  for await (const { entry, body } of items) {
    assertInside(entry.path, "path of an entry");
    let seen = 0;
    for await (const chunk of body) seen += chunk.length;
    if (entry.kind === "file" && seen !== entry.sizeBytes) throw new Fault(`"${entry.path}" has ${seen} bytes`);
    if (entry.kind === "hardlink") assertInside(entry.target, "target of a hard link");
    paths.push(`/${entry.path}`);
  }
  // What was opened can be recorded.
  const installed = { name: "x", version: "1", architecture: "x86_64", control, paths, md5: new Map() };
  formatDatabase([installed], { architecture: "x86_64", state: "installed", perPackageStatus: false, epoch: 1 });
}

/** Digests are made right again, or nothing behind them would ever be read. */
function withoutDigests(input: Uint8Array): Uint8Array {
  const copy = Buffer.from(input);
  // Tags 269, 273, 279 and 1004 of the signature header, 5092 of the header, become others that nobody reads.
  for (const tag of [269, 273, 279, 1004, 5092]) {
    const word = Buffer.alloc(4);
    word.writeUInt32BE(tag);
    for (let at = copy.indexOf(word, 96); at >= 0 && at < 20_000; at = copy.indexOf(word, at + 4)) {
      copy.writeUInt32BE(tag < 1000 ? 998 : tag === 1004 ? 1003 : 5099, at);
    }
  }
  return copy;
}

async function readRows(input: Uint8Array): Promise<void> {
  const index = startIndex("a fuzzed file");
  const options = { what: "a fuzzed file", maxBytes: 1 << 22 };
  for await (const _ of readingPrimary(bytesOf(input), (row, id) => index.add(row, id), options));
  index.missingFiles([]);
  const opened = openIndex(
    memoryAccess(Buffer.concat(index.finish({ groups: [], modules: { streams: [], defaults: [] } }))),
  );
  for (const name of opened.names()) {
    for (const record of opened.named(name)) {
      assertInside(record.path, "path of a package file");
      for (const provide of record.provides) {
        if (!opened.providing(provide.name).includes(record)) throw new Fault(`not found as "${provide.name}"`);
      }
    }
  }
}

const primaryWords = [
  "<package>",
  "</package>",
  "<name>",
  "<rpm:entry name='a' flags='GE' ver='1'/>",
  "&#0;",
  "<!DOCTYPE a [",
  "]]>",
];

const databaseOptions = (backend: RpmBackend): DatabaseOptions => ({
  architecture: "x86_64",
  state: "installed",
  perPackageStatus: false,
  rpmDatabase: { folder: "rpm", backend, keys: [] },
});

/** Headers as a database of this form has them. */
async function databaseTarget(backend: RpmBackend, name: string): Promise<Target> {
  const installed = await Promise.all(
    specs.map(async (spec): Promise<InstalledPackage> => {
      const { control, items } = await openPackage(bytesOf(makeRpm(spec)), limits);
      for await (const { body } of items) for await (const _ of body);
      return { name: spec.name, version: "1", architecture: "x86_64", control, paths: [], md5: new Map() };
    }),
  );
  const options = databaseOptions(backend);
  const file = formatDatabase(installed, options).find(({ path }) => path === `rpm/${name}`);
  return {
    name: `rpm-database-${backend}`,
    codes: ["DATABASE_BROKEN"],
    open: () => ({
      corpus: file?.kind === "file" ? [file.bytes] : [],
      run: (input) => void restoreDatabase({ read: (path) => (path === `rpm/${name}` ? input : undefined) }, options),
    }),
  };
}

const databases = [
  await databaseTarget("berkeley", "Packages"),
  await databaseTarget("sqlite", "rpmdb.sqlite"),
  await databaseTarget("ndb", "Packages.db"),
];

export const rpmTargets: readonly Target[] = [
  ...databases,
  {
    name: "rpm-package",
    codes: packageCodes,
    open: () => ({
      corpus: [...specs.map(makeRpm), ...fixtures("rpm/{rpm-rs,upstream-rpm-tests,go-rpmutils}/**/*.rpm")],
      run: drain,
    }),
  },
  {
    name: "rpm-package-unchecked",
    codes: packageCodes,
    open: () => ({
      corpus: [...specs.map(makeRpm), ...fixtures("rpm/{rpm-rs,upstream-rpm-tests,go-rpmutils}/**/*.rpm")].map(
        withoutDigests,
      ),
      run: drain,
    }),
  },
  {
    name: "cpio",
    codes: ["ARCHIVE_BROKEN", "ARCHIVE_TOO_LARGE"],
    open: () => ({
      corpus: [...specs.map((one) => makeCpio(one.tree ?? [], {})), ...fixtures("rpm/go-rpmutils/**/*.cpio")],
      words: ["070701", "07070X", "TRAILER!!!", "FFFFFFFF"],
      run: async (input) => {
        const members = readCpio(bytesOf(input), {
          maxEntries: 1000,
          maxTotalBytes: 1 << 22,
          what: "a fuzzed file",
          sizeOf: (index) => (index < 4 ? 10 * index : undefined),
        });
        for await (const { body } of members) for await (const _ of body);
      },
    }),
  },
  {
    name: "rpm-primary",
    codes: ["INDEX_SYNTAX", "RELATION_SYNTAX", "CACHE_BROKEN"],
    open: () => ({ corpus: [madeText("primary")], words: primaryWords, run: readRows }),
  },
  {
    name: "rpm-comps",
    codes: ["INDEX_SYNTAX"],
    open: () => ({
      corpus: [
        Buffer.from("<comps><group><id>a</id><packagelist><packagereq>b</packagereq></packagelist></group></comps>"),
        ...fixtures("rpm/**/*comps*.xml", 20),
      ],
      words: ["<group>", "<environment>", "<optionlist>", "<!DOCTYPE a [", 'type="conditional"'],
      run: async (input) => {
        for (const one of await readComps(bytesOf(input), { what: "a fuzzed file", maxBytes: 1 << 22 })) {
          if (typeof one.id !== "string") throw new Fault("a group without a name");
        }
      },
    }),
  },
  {
    name: "rpm-filelists",
    codes: ["INDEX_SYNTAX"],
    open: () => ({
      corpus: [madeText("filelists")],
      words: primaryWords,
      run: (input) =>
        readFilelists(
          bytesOf(input),
          {
            wanted: new Set(["/usr/bin/alpha"]),
            found: (_, files) => {
              if (files.length === 0) throw new Fault("a package without files");
            },
          },
          { what: "a fuzzed file", maxBytes: 1 << 22 },
        ),
    }),
  },
  {
    name: "rpm-modules",
    codes: ["INDEX_SYNTAX"],
    open: () => ({
      corpus: [
        Buffer.from(
          "---\ndocument: modulemd\ndata:\n  name: a\n  stream: 1\n  artifacts:\n    rpms:\n    - a-0:1-1.noarch\n",
        ),
        ...fixtures("rpm/**/*modules*.yaml", 20),
      ],
      words: ["- ", ": ", "---\n", "...\n", "|\n", "[", "]", "*a", "&a", "  "],
      run: (input) => {
        for (const { module, artifacts } of parseModules(textOf(input), "a fuzzed file").streams) {
          if (module === "" && artifacts.length > 0) throw new Fault("artifacts of no module");
        }
      },
    }),
  },
  {
    name: "rpm-repomd",
    codes: ["RELEASE_SYNTAX"],
    open: () => ({
      corpus: [madeText("repomd"), ...fixtures("rpm/**/repodata/repomd.xml", 20)],
      run: async (input) => {
        for (const { path } of (await parseRepomd(input, "a fuzzed file")).files.values()) assertInside(path, "a path");
      },
    }),
  },
  {
    name: "rpm-mirror-list",
    codes: ["INDEX_SYNTAX"],
    open: () => ({
      corpus: [Buffer.from("http://example.org/\n"), ...fixtures("rpm/librepo/**/metalink*", 20)],
      run: async (input) => void (await parseMirrorList(input, "a fuzzed file")),
    }),
  },
  {
    name: "rpm-texts",
    codes: ["RELATION_SYNTAX", "INDEX_SYNTAX", "VERSION_SYNTAX", "PACKAGE_BROKEN"],
    open: () => ({
      corpus: [
        "(a if (b >= 1 or c(x)) else d)",
        "a >= 1:2.0~rc-3",
        "cap_net_raw,cap_chown=ep",
        "---\ndocument: modulemd\ndata:\n  name: a\n  stream: 1\n  artifacts:\n    rpms:\n    - a-0:1-1.noarch\n",
      ].map((text) => Buffer.from(text)),
      words: ["(", ")", " or ", " and ", " if ", " else ", " with ", ">=", "~", "^", "- ", ": "],
      run: (input) => {
        const text = textOf(input);
        for (const read of [
          () => parseRelation(text, "depends"),
          () => parseModules(text, "a fuzzed file"),
          () => parseCapabilities(text),
          () => {
            if (compareVersions(text, "1.0-1") * compareVersions("1.0-1", text) > 0)
              throw new Fault("an order of its own");
          },
        ]) {
          try {
            read();
          } catch (error) {
            if (!(error instanceof DodaiError)) throw error;
          }
        }
      },
    }),
  },
];
