// Inputs to start from: real files of the shared fixtures where they are there, and files made by the test kit.
import { globSync, readFileSync, statSync } from "node:fs";
import { deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { type DebSpec, makeDeb, makeTar, packagesText } from "../test/kit/deb.ts";
import { fixture } from "../test/kit/oracle.ts";
import { maxInputBytes } from "./mutate.ts";

/** Files of the fixtures that fit the pattern, at most `count`, sorted by path; none where the fixtures are not there. */
export function fixtures(pattern: string, count = 40): readonly Uint8Array[] {
  const paths = globSync(pattern, { cwd: fixture("") })
    .sort()
    .map(fixture)
    .filter((path) => statSync(path).isFile() && statSync(path).size <= maxInputBytes);
  // Spread over the whole list, since neighbors are alike.
  const step = Math.max(1, Math.ceil(paths.length / count));
  return paths.filter((_, at) => at % step === 0).map((path) => readFileSync(path));
}

export const debSpecs: readonly DebSpec[] = [
  {
    name: "alpha",
    tree: [
      {
        path: "usr/bin/alpha",
        content: "#!/bin/sh\n",
        mode: 0o755,
        xattrs: { "security.capability": Buffer.from("x\0y") },
      },
      { path: "usr/bin/a", kind: "symlink", target: "alpha" },
      { path: "usr/share/alpha/data", content: "y".repeat(2000) },
      { path: "usr/share/alpha/same", kind: "hardlink", target: "usr/share/alpha/data" },
      { path: "etc/alpha.conf", content: "a = 1\n" },
    ],
    control: { conffiles: "/etc/alpha.conf\n", postinst: "#!/bin/sh\n" },
    fields: { Depends: "beta (>= 1.0), gamma | delta:any", Priority: "required", Essential: "yes" },
  },
  {
    name: "beta",
    version: "1:2.0~rc1-1+b2",
    compression: "zstd",
    fields: { Provides: "virtual, other (= 2)", "Multi-Arch": "foreign", Source: "beta-src (2.0)" },
    tree: [{ path: "usr/lib/libbeta.so.1", content: "z" }],
  },
  {
    name: "gamma",
    compression: "none",
    fields: { "Installed-Size": "12", "Phased-Update-Percentage": "40", Breaks: "beta (<< 1)" },
  },
];

export const madeDebs: readonly Uint8Array[] = debSpecs.map(makeDeb);
export const madePackages: string = packagesText(debSpecs);
export const madeTars: readonly Uint8Array[] = debSpecs.map(({ tree = [] }) => makeTar(tree, 1_700_000_000));

const plain: readonly Uint8Array[] = [
  Buffer.from("hello\n"),
  Buffer.from(madePackages.repeat(4)),
  Buffer.alloc(20_000, "ab"),
  new Uint8Array(0),
];

export const gzips: readonly Uint8Array[] = [
  ...plain.map((bytes) => gzipSync(bytes)),
  Buffer.concat([gzipSync("one"), gzipSync("two"), Buffer.alloc(8)]),
];
export const zstds: readonly Uint8Array[] = [
  ...plain.map((bytes) => zstdCompressSync(bytes)),
  Buffer.concat([zstdCompressSync("one"), zstdCompressSync("two")]),
];
/** No file format: what a gzip reader must refuse. */
export const deflated: Uint8Array = deflateSync("hello");

export const plainTexts: readonly Uint8Array[] = plain;
