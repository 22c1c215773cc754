// Alpine's files: packages, indexes and what is chosen from them, scripts, versions.
import { createHash, hash } from "node:crypto";
import { gunzipSync, gzipSync } from "node:zlib";
import { bytesOf, collect } from "../src/core/bytes.ts";
import { DodaiError } from "../src/core/dodai-error.ts";
import { readLatestReleases } from "../src/distros/alpine/latest-releases.ts";
import { apk } from "../src/packages/apk/format.ts";
import { memoryIndex } from "../src/packages/apk/index.ts";
import { openPackage } from "../src/packages/apk/package-file.ts";
import { compareVersions, isLike } from "../src/packages/apk/version.ts";
import { solve } from "../src/solver/solve.ts";
import { makeReleases } from "../test/kit/alpine-releases.ts";
import { type ApkSpec, file, indexText, makeApk } from "../test/kit/apk.ts";
import { assertInside, Fault, type Target } from "./contract.ts";
import { fixtures } from "./corpus.ts";
import { mutateTar } from "./mutate-archive.ts";
import { mutateStanzas } from "./mutate-text.ts";
import type { Random } from "./random.ts";

const what = "a fuzzed file";
const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("utf8");

const specs: readonly ApkSpec[] = [
  {
    name: "alpha",
    depends: ["so:b.so.1", "!gamma"],
    provides: ["cmd:alpha=1"],
    scripts: { ".post-install": "#!/bin/sh\n" },
    tree: [
      { path: "usr", folder: true },
      { path: "usr/alpha", content: "alpha\n", mode: 0o755 },
      { path: "usr/a", target: "alpha" },
      { path: "usr/same", hardlink: "usr/alpha" },
    ],
  },
  { name: "beta", version: "2.0_rc1-r3", provides: ["so:b.so.1=1", "any"], depends: ["delta~2"] },
  { name: "gamma", provides: ["any"], installIf: ["alpha", "!delta"] },
  { name: "delta", version: "2.1-r0", depends: ["beta>1"], replaces: ["alpha"] },
];

const packageTarget: Target = {
  name: "apk",
  codes: ["PACKAGE_BROKEN", "ARCHIVE_TOO_LARGE", "ARCHIVE_UNSAFE_PATH", "DIGEST_MISMATCH"],
  open: () => ({
    corpus: [...specs.map((spec) => makeApk(spec).bytes), ...fixtures("alpine/**/*.apk", 10)],
    mutate: mutateMade,
    words: [".PKGINFO", ".SIGN.RSA.a", "datahash = ", Buffer.from([0x1f, 0x8b, 8])],
    async run(input) {
      const limits = { maxControlBytes: 1 << 20, maxTreeBytes: 8 << 20, maxEntries: 5000 };
      const { control, items } = await openPackage(bytesOf(input), limits);
      for (const { name } of control) if (!/^\.[\w.+-]+$/.test(name)) throw new Fault(`control member "${name}"`);
      for await (const item of items) {
        assertInside(item.entry.path, "a path");
        const body = await collect(item.body, { maxBytes: limits.maxTreeBytes, what });
        if (item.entry.kind === "file" && hash("sha1", body) !== item.sha1)
          throw new Fault("a sum that is not the body's");
      }
    },
  }),
};

/** A package whose tars are changed and whose sums are right, so that what is in them is read. */
function mutateMade(_input: Uint8Array, random: Random): Uint8Array {
  const made = makeApk(specs[random.below(specs.length)] as ApkSpec);
  const data = gzipSync(mutateTar(gunzipSync(made.data), random));
  const sum = createHash("sha256").update(data).digest("hex");
  const info = file(".PKGINFO", `pkgname = x\npkgver = 1\ndatahash = ${sum}\n`);
  const control = random.oneIn(3) ? mutateTar(info, random) : info;
  return Buffer.concat([gzipSync(control), data]);
}

const made = new Map(specs.map((spec) => [spec, makeApk(spec)]));

/** Every record, and a choice from them. */
const indexTarget: Target = {
  name: "apk-index",
  codes: ["INDEX_SYNTAX", "PACKAGE_MISSING", "UNSATISFIABLE"],
  open: () => ({
    corpus: [Buffer.from(indexText(specs, made)), ...fixtures("solver/apk-tools-solver/**/*.repo", 30)],
    mutate: (input, random) =>
      mutateStanzas(input, random, ["P", "V", "D", "p", "i", "k", "any", "!alpha", "a@b", "a~1", "C"]),
    run(input) {
      const index = memoryIndex(input, { folder: "x86_64/", architecture: "x86_64" });
      const names = [...index.names()];
      for (const name of names) for (const { path } of index.named(name)) assertInside(path, "path of a package file");
      const wanted = names.flatMap((name) => index.named(name).slice(0, 1)).slice(0, 3);
      const outcome = solve({
        format: apk,
        architecture: "x86_64",
        repositories: [{ name: "fuzzed", priority: 500, index }],
        requests: wanted.map(({ name }) => ({ requirement: { name }, exclude: false })),
        options: { recommends: false, essential: false, priorities: [] },
      });
      if (outcome.kind === "conflict") return;
      const records = outcome.packages.map(({ record }) => record);
      for (const { name, relations } of records) {
        for (const { kind, anyOf } of relations) {
          const isMet = anyOf.some((one) => records.some((record) => apk.satisfies(record, one, "x86_64")));
          if (kind === "depends" && !isMet) throw new Fault(`${name} lacks ${JSON.stringify(anyOf)}`);
        }
      }
    },
  }),
};

/** Three versions on lines: an order must be one, as far as they are versions. */
const versionTarget: Target = {
  name: "apk-version",
  codes: [],
  open: () => ({
    corpus: ["1.2.3-r4\n1.2.3_rc1\n1.2.3", "1.05\n1.1\n1.1a", "1.0~ab\n1.0~b-r1\n1.0_p1_pre2"].map((one) =>
      Buffer.from(one),
    ),
    words: ["_alpha", "_p", "~", "-r", ".", "0", "_git20240101", "a"],
    run(input) {
      const [a = "", b = "", c = ""] = textOf(input).split("\n");
      if (compareVersions(a, a) !== 0) throw new Fault("a version is not itself");
      if (Math.sign(compareVersions(a, b)) !== -Math.sign(compareVersions(b, a)))
        throw new Fault("an order with two sides");
      if (a !== "" && /^[\d.]+$/.test(a) && !isLike(a, a)) throw new Fault("a version is not like itself");
      try {
        for (const one of [a, b, c]) apk.parseRequest(`x=${one}`);
      } catch (error) {
        if (error instanceof DodaiError) return;
        throw error;
      }
      const isAtMost = (x: string, y: string): boolean => compareVersions(x, y) <= 0;
      if (isAtMost(a, b) && isAtMost(b, c) && !isAtMost(a, c))
        throw new Fault(`${a} <= ${b} <= ${c}, and not ${a} <= ${c}`);
    },
  }),
};

const releases = { branch: "v3.20", architecture: "x86_64" };

/** Whatever a mirror says, what is fetched lies in the folder of the release, and is not taken without a sum. */
const releasesTarget: Target = {
  name: "alpine-latest-releases",
  codes: ["INDEX_SYNTAX", "SUM_MISSING"],
  open: () => ({
    corpus: [
      ...makeReleases({ branch: "v3.20", version: "3.20.3", tarballs: { x86_64: Buffer.from("root") } }).values(),
    ],
    mutate: (input, random) =>
      mutateStanzas(input, random, [
        "  file",
        "  version",
        "  flavor",
        "-",
        "alpine-minirootfs",
        "&a",
        "*a",
        "[",
        "|",
        "../",
      ]),
    run(input) {
      const { path, version, checksums } = readLatestReleases(input, releases);
      assertInside(path, "path of a root tarball");
      if (path !== `v3.20/releases/x86_64/alpine-minirootfs-${version}-x86_64.tar.gz`)
        throw new Fault(`path "${path}"`);
      if (!checksums.some(({ algorithm, hex }) => algorithm === "sha512" && /^[0-9a-f]{128}$/.test(hex)))
        throw new Fault("a root tarball without SHA-512");
    },
  }),
};

export const apkTargets: readonly Target[] = [packageTarget, indexTarget, versionTarget, releasesTarget];
