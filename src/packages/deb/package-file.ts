// Opens a .deb: an ar archive of `debian-binary`, `control.tar` and `data.tar` (deb(5)). Members are taken in the order that
// dpkg takes, and nothing is unpacked that dpkg would not; where dpkg ignores what follows the data, we refuse it, because
// another reader might take that instead.

import { type ArMember, readAr } from "../../archive/ar.ts";
import { compressionOfName } from "../../archive/compression.ts";
import { decompress } from "../../archive/decompress.ts";
import type { ArchiveItem } from "../../archive/entry.ts";
import { readTar } from "../../archive/tar.ts";
import { printable } from "../../archive/tar-name.ts";
import { type Bytes, collect } from "../../core/bytes.ts";
import { packageFaults } from "../broken-package.ts";
import type { ControlMember, PackageFile, PackageLimits } from "../contract.ts";
import { fieldOf } from "./deb822.ts";
import { controlOf } from "./status.ts";

/** Errors of the layers below that say that the package is broken. */
const { asPackage, bodyOf, broken } = packageFaults("dpkg-deb", [
  "ARCHIVE_BROKEN",
  "COMPRESSION_BROKEN",
  "COMPRESSION_UNKNOWN",
  "CONTROL_SYNTAX",
]);

/** Three, and a few signatures whose names start with "_". */
const MAX_MEMBERS = 32;
const MAX_CONTROL_FILES = 1000;
/** Extended headers and sparse maps of one tar entry. */
const MAX_HEADER_BYTES = 1 << 20;

/** Opens a package file. Throws PACKAGE_BROKEN, ARCHIVE_UNSAFE_PATH, ARCHIVE_TOO_LARGE. */
export async function openPackage(bytes: Bytes, limits: PackageLimits): Promise<PackageFile> {
  const maxTotalBytes = limits.maxTreeBytes + limits.maxControlBytes;
  const members = readAr(bytes, { maxEntries: MAX_MEMBERS, maxTotalBytes, what: "the package file" });
  return await asPackage("a package", async () => {
    await readFormatVersion(await nextMember(members));
    const control = await readControl(await nextMember(members), limits);
    const name = fieldOf(controlOf(control, "without name"), "Package") ?? "";
    if (name === "") throw broken("a package", 'its file "control" has no field "Package"');
    const what = `package "${printable(name)}"`;
    const data = await asPackage(what, async () => expectTar(await nextMember(members), "data"));
    return { control, items: readItems({ members, data, what }, limits) };
  });
}

/** The first member says the format: `2.0`, and any later 2.x, which dpkg takes too. */
async function readFormatVersion(member: ArMember | undefined): Promise<void> {
  if (member?.name !== "debian-binary") throw broken("a package", 'its first member is not "debian-binary"');
  const text = Buffer.from(await collect(member.body, { maxBytes: 1024, what: '"debian-binary"' })).toString("latin1");
  if (!/^2\.\d+\n/.test(text)) throw broken("a package", `its format is "${printable(text.trim())}", wanted "2.0"`);
}

async function readControl(member: ArMember | undefined, limits: PackageLimits): Promise<readonly ControlMember[]> {
  const { name, body } = expectTar(member, "control");
  const tar = decompress(body, { compression: compressionOfName(name), maxBytes: limits.maxControlBytes, what: name });
  const control = new Map<string, ControlMember>();
  const items = readTar(tar, {
    maxEntries: MAX_CONTROL_FILES,
    maxTotalBytes: limits.maxControlBytes,
    maxHeaderBytes: MAX_HEADER_BYTES,
    what: name,
  });
  for await (const { entry, body } of items) {
    if (entry.path === "." && entry.kind === "directory") continue;
    // They become files named `info/PACKAGE.NAME`.
    if (entry.kind !== "file" || !/^[A-Za-z0-9][A-Za-z0-9._+-]{0,99}$/.test(entry.path)) {
      throw broken("a package", `its ${name} holds "${printable(entry.path)}", wanted plain files alone`);
    }
    if (control.has(entry.path)) throw broken("a package", `its ${name} holds "${entry.path}" twice`);
    const bytes = await collect(body, { maxBytes: limits.maxControlBytes, what: entry.path });
    // A copy: the body may be a view of a chunk that is far larger.
    control.set(entry.path, { name: entry.path, mode: entry.mode, bytes: Uint8Array.from(bytes) });
  }
  return [...control.values()];
}

interface DataSource {
  readonly members: AsyncGenerator<ArMember>;
  readonly data: ArMember;
  readonly what: string;
}

/** The entries of the data archive; at their end the rest of the package is read, and must be what may follow. */
async function* readItems({ members, data, what }: DataSource, limits: PackageLimits): AsyncGenerator<ArchiveItem> {
  const { name, body } = data;
  const compression = compressionOfName(name);
  const tar = decompress(body, { compression, maxBytes: limits.maxTreeBytes, what: `${name} of ${what}` });
  const items = readTar(tar, {
    maxEntries: limits.maxEntries,
    maxTotalBytes: limits.maxTreeBytes,
    maxHeaderBytes: MAX_HEADER_BYTES,
    what: `${name} of ${what}`,
  });
  try {
    for (;;) {
      const { done, value } = await asPackage(what, () => items.next());
      if (done) break;
      // dpkg: its lists have a path a line.
      if (value.entry.path.includes("\n")) throw broken(what, `"${printable(value.entry.path)}" contains a newline`);
      yield value.entry.kind === "file" ? { entry: value.entry, body: bodyOf(value.body, what) } : value;
    }
    const more = await asPackage(what, () => nextMember(members));
    if (more) throw broken(what, `its member "${more.name}" follows the data`);
  } finally {
    await items.return(undefined);
    await members.return(undefined);
  }
}

/** The next member that means something: names that start with "_" are for others (deb(5)). */
async function nextMember(members: AsyncGenerator<ArMember>): Promise<ArMember | undefined> {
  for (;;) {
    const { done, value } = await members.next();
    if (done) return undefined;
    if (!value.name.startsWith("_")) return value;
  }
}

function expectTar(member: ArMember | undefined, part: "control" | "data"): ArMember {
  const name = member?.name ?? "";
  if (member && name === `${part}.tar`) return member;
  if (member && name.startsWith(`${part}.tar.`)) {
    if (/^\w+\.tar\.\w+$/.test(name) && compressionOfName(name) !== "none") return member;
    throw broken("a package", `its member "${name}" has an unknown compression`);
  }
  const state = member ? `its member "${name}" is there` : "it ends";
  throw broken("a package", `${state} where "${part}.tar" is wanted`);
}
