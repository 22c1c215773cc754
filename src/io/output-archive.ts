// Archives that hold blobs: their members' headers never depend on the machine, only on the image.

import { type DirectoryEntry, type FileEntry, noXattrs } from "../archive/entry.ts";
import { formatTarHeader, tarPadding, tarTrailer } from "../archive/tar-write.ts";
import { type Bytes, bytesOf, verified } from "../core/bytes.ts";
import { type Digest, hexOf } from "../core/digest.ts";
import type { BundleLayer } from "../image/bundle.ts";
import type { Document } from "../image/descriptor.ts";

/** A file or, with neither size nor bytes, a folder of an archive that dodai makes. */
export type Member =
  | { readonly kind: "folder"; readonly path: string }
  | { readonly kind: "file"; readonly path: string; readonly sizeBytes: number; open(): Bytes };

export const folderMember = (path: string): Member => ({ kind: "folder", path });

export function textMember(path: string, text: string): Member {
  return { kind: "file", path, sizeBytes: Buffer.byteLength(text), open: () => bytesOf(text) };
}

/** A layer as it is stored, checked while it is read. */
export function layerMember(path: string, layer: BundleLayer): Member {
  return { kind: "file", path, sizeBytes: layer.sizeBytes, open: () => openVerified(layer) };
}

/** A layer's uncompressed tar, checked while it is read. */
export function uncompressedMember(path: string, layer: BundleLayer): Member {
  return { kind: "file", path, sizeBytes: layer.uncompressedBytes, open: () => openVerifiedTar(layer) };
}

/**
 * A layer's bytes as they are stored, checked. It is opened when the first chunk is asked for and not before: a stream of
 * Node that fails while nobody listens would end the process.
 */
export async function* openVerified(layer: BundleLayer): AsyncGenerator<Uint8Array> {
  yield* verified(layer.open(), expectedOf(layer, layer.digest, layer.sizeBytes));
}

/** The same of its uncompressed tar. */
export async function* openVerifiedTar(layer: BundleLayer): AsyncGenerator<Uint8Array> {
  const { diffId, uncompressedBytes } = layer;
  yield* verified(layer.openUncompressed(), expectedOf(layer, diffId as string as Digest, uncompressedBytes));
}

/** Place of a blob in an OCI layout (image-spec, image-layout.md, "Blobs"). */
export const blobPath = (digest: Digest): string => `blobs/sha256/${hexOf(digest)}`;

export const documentMember = (document: Document): Member => textMember(blobPath(document.digest), document.text);

export interface TarMembers {
  readonly members: readonly Member[];
  /** Time of every member, in seconds since 1970. */
  readonly epoch: number;
}

/** The members as a tar, in their order: mode 0755 or 0644, owned by 0:0. */
export async function* tarOf({ members, epoch }: TarMembers): AsyncGenerator<Uint8Array> {
  for (const member of members) {
    yield formatTarHeader(entryOf(member, epoch));
    if (member.kind === "folder") continue;
    yield* member.open();
    const padding = tarPadding(member.sizeBytes);
    if (padding > 0) yield new Uint8Array(padding);
  }
  yield tarTrailer;
}

/** Bytes of the members' content. */
export function contentBytes(members: readonly Member[]): number {
  return members.reduce((sum, member) => sum + (member.kind === "file" ? member.sizeBytes : 0), 0);
}

/** Bytes of `tarOf`, for progress: exact unless a file is past 8 GiB and needs a longer header. */
export function tarBytes(members: readonly Member[]): number {
  const record = (sizeBytes: number): number => 512 + sizeBytes + tarPadding(sizeBytes);
  const records = members.map((member) => record(member.kind === "file" ? member.sizeBytes : 0));
  return records.reduce((sum, bytes) => sum + bytes, tarTrailer.byteLength);
}

function entryOf(member: Member, mtime: number): DirectoryEntry | FileEntry {
  const common = { path: member.path, uid: 0, gid: 0, mtime, xattrs: noXattrs };
  if (member.kind === "folder") return { ...common, kind: "directory", mode: 0o755 };
  return { ...common, kind: "file", mode: 0o644, sizeBytes: member.sizeBytes };
}

function expectedOf(layer: BundleLayer, digest: Digest, sizeBytes: number): Parameters<typeof verified>[1] {
  return { digest, sizeBytes, what: `layer "${layer.createdBy}"` };
}
