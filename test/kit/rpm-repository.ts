// Repositories of rpm packages made in memory, as createrepo_c makes them; createrepo_c's own are an oracle elsewhere.
import { createHash } from "node:crypto";
import { gzipSync, zstdCompressSync } from "node:zlib";
import type { RepositoryFiles, Signer } from "./repository.ts";
import { archOf, headerRange, makeRpm, type RpmSpec, rpmPath, splitRelation } from "./rpm.ts";

export interface RpmRepositorySpec {
  readonly packages: readonly RpmSpec[];
  readonly date?: Date;
  readonly compression?: "gzip" | "zstd" | "none";
  readonly comps?: string;
  readonly modules?: string;
  readonly updateinfo?: string;
  /** Signs repomd.xml. */
  readonly signer?: Signer;
  /** Changes a text before it is compressed. */
  readonly edit?: (kind: string, text: string) => string;
  /** Whether files that most packages ask for are only in filelists.xml, as createrepo_c has it. */
  readonly allFilesInPrimary?: boolean;
}

const sha256 = (bytes: Uint8Array | string): string => createHash("sha256").update(bytes).digest("hex");

export function makeRpmRepository(spec: RpmRepositorySpec): RepositoryFiles {
  const { date = new Date("2025-06-01T12:00:00Z"), edit = (_, text) => text } = spec;
  const files: RepositoryFiles = new Map();
  const seconds = Math.floor(date.getTime() / 1000);
  const packages = spec.packages.map((one) => ({ one, bytes: makeRpm(one) }));
  for (const { one, bytes } of packages) files.set(rpmPath(one), bytes);
  const texts: Record<string, string> = {
    primary: `<?xml version="1.0" encoding="UTF-8"?>
<metadata xmlns="http://linux.duke.edu/metadata/common" xmlns:rpm="http://linux.duke.edu/metadata/rpm" packages="${packages.length}">
${packages.map(({ one, bytes }) => primaryOf(one, bytes, spec)).join("")}</metadata>
`,
    filelists: `<?xml version="1.0" encoding="UTF-8"?>
<filelists xmlns="http://linux.duke.edu/metadata/filelists" packages="${packages.length}">
${packages.map(({ one, bytes }) => filelistOf(one, bytes)).join("")}</filelists>
`,
    ...(spec.comps === undefined ? {} : { group_gz: spec.comps }),
    ...(spec.modules === undefined ? {} : { modules: spec.modules }),
    ...(spec.updateinfo === undefined ? {} : { updateinfo: spec.updateinfo }),
  };
  const data = Object.entries(texts).map(([kind, plain]) => {
    const text = Buffer.from(edit(kind, plain));
    const { bytes, ending } = compress(text, spec);
    const name = kind === "modules" ? "modules.yaml" : `${kind === "group_gz" ? "comps" : kind}.xml`;
    const path = `repodata/${sha256(bytes)}-${name}${ending}`;
    files.set(path, bytes);
    return `  <data type="${kind}">
    <checksum type="sha256">${sha256(bytes)}</checksum>
    <open-checksum type="sha256">${sha256(text)}</open-checksum>
    <location href="${path}"/>
    <timestamp>${seconds}</timestamp>
    <size>${bytes.length}</size>
    <open-size>${text.length}</open-size>
  </data>
`;
  });
  const repomd = edit(
    "repomd",
    `<?xml version="1.0" encoding="UTF-8"?>
<repomd xmlns="http://linux.duke.edu/metadata/repo" xmlns:rpm="http://linux.duke.edu/metadata/rpm">
  <revision>${seconds}</revision>
${data.join("")}</repomd>
`,
  );
  files.set("repodata/repomd.xml", Buffer.from(repomd));
  if (spec.signer) files.set("repodata/repomd.xml.asc", spec.signer.detached(repomd, { at: date }));
  return files;
}

function compress(bytes: Buffer, { compression = "gzip" }: RpmRepositorySpec): { bytes: Buffer; ending: string } {
  if (compression === "none") return { bytes, ending: "" };
  return compression === "gzip"
    ? { bytes: gzipSync(bytes), ending: ".gz" }
    : { bytes: zstdCompressSync(bytes), ending: ".zst" };
}

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

const versionOf = ({ epoch = 0, version = "1.0", release = "1" }: RpmSpec): string =>
  `<version epoch="${epoch}" ver="${version}" rel="${release}"/>`;

function primaryOf(spec: RpmSpec, bytes: Uint8Array, { allFilesInPrimary = false }: RpmRepositorySpec): string {
  const { name, version = "1.0", release = "1", epoch = 0 } = spec;
  const { start, end } = headerRange(spec);
  const self = `${name} = ${epoch}:${version}-${release}`;
  const isPrimary = (path: string): boolean => allFilesInPrimary || /^etc\/|bin\/|^usr\/lib\/sendmail$/.test(path);
  const files = (spec.tree ?? []).filter(({ path, kind }) => kind !== "directory" && isPrimary(path));
  return `<package type="rpm">
  <name>${name}</name>
  <arch>${archOf(spec)}</arch>
  ${versionOf(spec)}
  <checksum type="sha256" pkgid="YES">${sha256(bytes)}</checksum>
  <summary>Package ${name} of a test</summary>
  <description>Package ${name}.</description>
  <packager></packager>
  <url></url>
  <time file="1700000000" build="1700000000"/>
  <size package="${bytes.length}" installed="1000" archive="1000"/>
  <location href="${rpmPath(spec)}"/>
  <format>
    <rpm:license>MIT</rpm:license>
    <rpm:sourcerpm>${name}-${version}-${release}.src.rpm</rpm:sourcerpm>
    <rpm:header-range start="${start}" end="${end}"/>
${relationsOf("provides", [self, ...(spec.provides ?? [])])}${(
  ["requires", "conflicts", "obsoletes", "recommends", "suggests", "supplements", "enhances"] as const
)
  .map((kind) => relationsOf(kind, spec[kind] ?? []))
  .join("")}${files.map(({ path }) => `    <file>/${escaped(path)}</file>\n`).join("")}  </format>
</package>
`;
}

const flags: Readonly<Record<string, string>> = { "<": "LT", "<=": "LE", "=": "EQ", ">=": "GE", ">": "GT" };

function relationsOf(kind: string, relations: readonly string[]): string {
  if (relations.length === 0) return "";
  const entries = relations.map((relation) => {
    const { name, operator, version } = splitRelation(relation);
    if (operator === "") return `      <rpm:entry name="${escaped(name)}"/>\n`;
    const [, epoch = "0", ver = "", rel] = /^(?:(\d+):)?([^-]*)(?:-(.*))?$/.exec(version) ?? [];
    const release = rel === undefined ? "" : ` rel="${rel}"`;
    return `      <rpm:entry name="${escaped(name)}" flags="${flags[operator]}" epoch="${epoch}" ver="${ver}"${release}/>\n`;
  });
  return `    <rpm:${kind}>\n${entries.join("")}    </rpm:${kind}>\n`;
}

function filelistOf(spec: RpmSpec, bytes: Uint8Array): string {
  const files = (spec.tree ?? []).map(({ path, kind }) =>
    kind === "directory" ? `  <file type="dir">/${escaped(path)}</file>\n` : `  <file>/${escaped(path)}</file>\n`,
  );
  return `<package pkgid="${sha256(bytes)}" name="${spec.name}" arch="${archOf(spec)}">
  ${versionOf(spec)}
${files.join("")}</package>
`;
}
