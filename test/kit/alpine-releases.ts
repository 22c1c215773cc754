// The releases of a branch as Alpine's mirrors have them: for each architecture a folder with latest-releases.yaml, in which
// the root tarball is one of several things, and tarballs with their detached signatures.
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { type DebEntry, makeTar } from "./deb.ts";
import type { RepositoryFiles, Signer } from "./repository.ts";

/** Alpine's words, and the platforms that they stand for. */
export const alpineArchitectures: Readonly<Record<string, string>> = {
  aarch64: "linux/arm64",
  armhf: "linux/arm/v6",
  armv7: "linux/arm/v7",
  loongarch64: "linux/loong64",
  ppc64le: "linux/ppc64le",
  riscv64: "linux/riscv64",
  s390x: "linux/s390x",
  x86: "linux/386",
  x86_64: "linux/amd64",
};

const released = Date.parse("2025-05-30T12:00:00Z") / 1000;

/** A root of few files that says which it is. */
export function makeMinirootfs(version: string, architecture: string, more: readonly DebEntry[] = []): Uint8Array {
  const entries: readonly DebEntry[] = [
    { path: "bin", kind: "directory" },
    { path: "bin/busybox", content: `for ${architecture}\n`, mode: 0o755 },
    { path: "bin/sh", kind: "symlink", target: "/bin/busybox" },
    { path: "etc", kind: "directory" },
    { path: "etc/alpine-release", content: `${version}\n` },
    { path: "etc/apk", kind: "directory" },
    { path: "etc/apk/arch", content: `${architecture}\n` },
    ...more,
    { path: "tmp", kind: "directory", mode: 0o1777 },
  ];
  return gzipSync(makeTar(entries, released));
}

export interface ReleasesSpec {
  readonly branch: string;
  readonly version: string;
  /** Root tarballs by Alpine's word for the architecture. */
  readonly tarballs: Readonly<Record<string, Uint8Array>>;
  /** Makes no signatures when absent. */
  readonly signer?: Signer;
  /** When it signs; the clock's time when absent. */
  readonly at?: Date;
  /** Other values in the item of the root tarball; `undefined` leaves one out. */
  readonly item?: Readonly<Record<string, string | undefined>>;
}

/** Files below a mirror's root. */
export function makeReleases({ branch, version, tarballs, signer, at, item = {} }: ReleasesSpec): RepositoryFiles {
  const files: RepositoryFiles = new Map();
  for (const [architecture, bytes] of Object.entries(tarballs)) {
    const folder = `${branch}/releases/${architecture}`;
    const file = `alpine-minirootfs-${version}-${architecture}.tar.gz`;
    const common = { branch, arch: architecture, version };
    const iso = `alpine-standard-${version}-${architecture}.iso`;
    const items = [
      itemText("Standard", { ...common, flavor: "alpine-standard", file: iso, ...sumsOf(Buffer.from(iso)) }),
      itemText("Mini root filesystem", { ...common, flavor: "alpine-minirootfs", file, ...sumsOf(bytes), ...item }),
    ];
    files.set(`${folder}/latest-releases.yaml`, Buffer.from(`---\n${items.join("")}`));
    files.set(`${folder}/${file}`, bytes);
    if (signer) files.set(`${folder}/${file}.asc`, signer.detached(bytes, at ? { at } : {}));
  }
  return files;
}

const sumsOf = (bytes: Uint8Array): Readonly<Record<string, string>> => ({
  date: "2025-05-30",
  time: "12:00:00",
  size: String(bytes.byteLength),
  sha256: createHash("sha256").update(bytes).digest("hex"),
  sha512: createHash("sha512").update(bytes).digest("hex"),
});

/** As Alpine's script writes it: a title in quotes, a description of several lines, all else plain. */
function itemText(title: string, fields: Readonly<Record<string, string | undefined>>): string {
  const lines = Object.entries(fields).flatMap(([key, value]) => (value === undefined ? [] : [`  ${key}: ${value}\n`]));
  return `-\n  title: "${title}"\n  desc: |\n    For use in containers\n    and minimal chroots.\n${lines.join("")}`;
}
