// Debian packages and Packages texts made in memory: the same call gives the same bytes. Written from deb(5) and the ustar
// format alone, so that it shares no code with the readers that it tests.
import { createHash } from "node:crypto";
import { gzipSync, zstdCompressSync } from "node:zlib";

/** One member of a package's tree. `path` has no leading `/`; directories on the way are made unless they are listed. */
export type DebEntry = {
  readonly path: string;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  /** Name in the archive, for names that no honest package has; `./PATH` when absent. */
  readonly spelled?: string;
  /** Extended attributes by name, as a pax header says them (`SCHILY.xattr.`). */
  readonly xattrs?: Readonly<Record<string, Uint8Array>>;
  /** Size that the header states, for headers that lie. */
  readonly claims?: number;
} & (
  | { readonly kind?: "file"; readonly content: string | Uint8Array }
  | { readonly kind: "directory" }
  | { readonly kind: "symlink" | "hardlink"; readonly target: string }
);

export type DebCompression = "none" | "gzip" | "zstd";

export interface DebSpec {
  readonly name: string;
  readonly version?: string;
  readonly architecture?: string;
  /** More fields of `control`, in order: `{ Depends: "libc6", "Multi-Arch": "same" }`. */
  readonly fields?: Readonly<Record<string, string>>;
  readonly tree?: readonly DebEntry[];
  /** Other control members by name: `postinst` (mode 0755 like all scripts), `conffiles`, `triggers`. `md5sums` is made. */
  readonly control?: Readonly<Record<string, string>>;
  readonly compression?: DebCompression;
  /** Seconds since 1970; of every entry. */
  readonly mtime?: number;
  /** Changes the whole file before an index learns its size and hash, for packages that are broken and vouched for. */
  readonly spoil?: (deb: Uint8Array) => Uint8Array;
}

const scripts: readonly string[] = ["preinst", "postinst", "prerm", "postrm", "config"];

/** A whole .deb file. */
export function makeDeb(spec: DebSpec): Uint8Array {
  const mtime = spec.mtime ?? 1_700_000_000;
  const compression = spec.compression ?? "gzip";
  const tree = withParents(spec.tree ?? []);
  const members: DebEntry[] = Object.entries(controlMembers(spec, tree)).map(([path, content]) => ({
    path,
    content,
    mode: scripts.includes(path) ? 0o755 : 0o644,
  }));
  const control = makeTar([{ path: "", kind: "directory" }, ...members], mtime);
  const data = makeTar([{ path: "", kind: "directory" }, ...tree], mtime);
  const deb = makeAr(
    [
      { name: "debian-binary", bytes: Buffer.from("2.0\n") },
      { name: `control.tar${endings[compression]}`, bytes: compress(control, compression) },
      { name: `data.tar${endings[compression]}`, bytes: compress(data, compression) },
    ],
    mtime,
  );
  return spec.spoil ? spec.spoil(deb) : deb;
}

/** The `control` file of a package, and with more fields its stanza in `Packages`. */
export function controlText(spec: DebSpec, more: Readonly<Record<string, string>> = {}): string {
  const fields = {
    Package: spec.name,
    Version: spec.version ?? "1.0-1",
    Architecture: spec.architecture ?? "amd64",
    Maintainer: "Test <test@example.org>",
    ...spec.fields,
    ...more,
    Description: spec.fields?.Description ?? `test package ${spec.name}`,
  };
  return Object.entries(fields)
    .map(([name, value]) => `${name}: ${value}\n`)
    .join("");
}

/** Where `packagesText` says that a package lies below its repository's root. */
export function debPath(spec: DebSpec): string {
  const version = (spec.version ?? "1.0-1").replace(/^\d+:/, "");
  return `pool/main/${spec.name[0]}/${spec.name}/${spec.name}_${version}_${spec.architecture ?? "amd64"}.deb`;
}

/** The text of a `Packages` index of these packages, with true sizes and hashes. */
export function packagesText(specs: readonly DebSpec[]): string {
  return specs
    .map((spec) => {
      const deb = makeDeb(spec);
      const hash = createHash("sha256").update(deb).digest("hex");
      return controlText(spec, { Filename: debPath(spec), Size: String(deb.length), SHA256: hash });
    })
    .join("\n");
}

/** An ar archive as dpkg-deb writes it: names without `/`. */
export function makeAr(
  members: readonly { readonly name: string; readonly bytes: Uint8Array }[],
  mtime = 0,
): Uint8Array {
  const chunks: Uint8Array[] = [Buffer.from("!<arch>\n")];
  for (const { name, bytes } of members) {
    const header = `${name.padEnd(16)}${String(mtime).padEnd(12)}0     0     100644  ${String(bytes.length).padEnd(10)}\`\n`;
    chunks.push(Buffer.from(header, "latin1"), bytes);
    if (bytes.length % 2 === 1) chunks.push(Buffer.from("\n"));
  }
  return Buffer.concat(chunks);
}

/** A ustar archive of entries in their order, each name as `./path`, with its end. Names have at most 98 bytes. */
export function makeTar(entries: readonly DebEntry[], mtime = 0): Uint8Array {
  const chunks: Uint8Array[] = [];
  for (const entry of entries) {
    const content = "content" in entry ? Buffer.from(entry.content as string) : Buffer.alloc(0);
    if (entry.xattrs) chunks.push(paxHeader(entry.xattrs, mtime));
    chunks.push(tarHeader(entry, entry.claims ?? content.length, mtime), content, Buffer.alloc(-content.length & 511));
  }
  return Buffer.concat([...chunks, Buffer.alloc(1024)]);
}

const endings: Readonly<Record<DebCompression, string>> = { none: "", gzip: ".gz", zstd: ".zst" };

function compress(bytes: Uint8Array, compression: DebCompression): Uint8Array {
  if (compression === "none") return bytes;
  return compression === "gzip" ? gzipSync(bytes) : zstdCompressSync(bytes);
}

function controlMembers(spec: DebSpec, tree: readonly DebEntry[]): Record<string, string> {
  const sums = tree.flatMap((entry) =>
    "content" in entry ? [`${createHash("md5").update(entry.content).digest("hex")}  ${entry.path}\n`] : [],
  );
  return { control: controlText(spec), ...(sums.length > 0 && { md5sums: sums.join("") }), ...spec.control };
}

function withParents(tree: readonly DebEntry[]): DebEntry[] {
  const all = new Map<string, DebEntry>();
  for (const entry of tree) {
    const parts = entry.path.split("/");
    for (let depth = 1; depth < parts.length; depth++) {
      const path = parts.slice(0, depth).join("/");
      if (!all.has(path)) all.set(path, { path, kind: "directory" });
    }
    all.set(entry.path, entry);
  }
  return [...all.values()];
}

/** POSIX.1-2001 pax, extended header: `LENGTH NAME=VALUE\n` in a member of type `x`. */
function paxHeader(xattrs: Readonly<Record<string, Uint8Array>>, mtime: number): Uint8Array {
  const records = Object.entries(xattrs).map(([name, value]) => {
    const rest = Buffer.concat([Buffer.from(` SCHILY.xattr.${name}=`), value, Buffer.from("\n")]);
    const length = [1, 2, 3]
      .map((digits) => rest.length + digits)
      .find((sum) => String(sum).length + rest.length === sum);
    return Buffer.concat([Buffer.from(String(length)), rest]);
  });
  const body = Buffer.concat(records);
  const header = tarHeader({ path: "PaxHeader", content: "" }, body.length, mtime, "x");
  return Buffer.concat([header, body, Buffer.alloc(-body.length & 511)]);
}

const typeFlags = { file: "0", hardlink: "1", symlink: "2", directory: "5" } as const;
const modes = { file: 0o644, hardlink: 0o644, symlink: 0o777, directory: 0o755 } as const;

/** POSIX.1-1988 ustar, as `dpkg-deb --build` lets GNU tar write it. */
function tarHeader(entry: DebEntry, size: number, mtime: number, flag?: string): Uint8Array {
  const kind = entry.kind ?? "file";
  const name = entry.spelled ?? `./${entry.path}${kind === "directory" && entry.path !== "" ? "/" : ""}`;
  if (Buffer.byteLength(name) > 100) throw new Error(`The kit's tar has no long names: ${name}`);
  const target = "target" in entry ? `${kind === "hardlink" ? "./" : ""}${entry.target}` : "";
  const octal = (value: number, width: number): string => `${value.toString(8).padStart(width - 1, "0")}\0`;
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write(octal(entry.mode ?? modes[kind], 8), 100);
  header.write(octal(entry.uid ?? 0, 8), 108);
  header.write(octal(entry.gid ?? 0, 8), 116);
  header.write(octal(size, 12), 124);
  header.write(octal(mtime, 12), 136);
  header.write("        ", 148);
  header.write(flag ?? typeFlags[kind], 156);
  header.write(target, 157);
  header.write("ustar\x0000root", 257);
  header.write("root", 297);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return header;
}
