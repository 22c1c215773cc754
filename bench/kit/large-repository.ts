// A repository of rpm packages with as large a primary.xml as those of whole distributions: a real one's packages again and
// again, each time under other names. There are no package files; choosing needs none.
import { createHash } from "node:crypto";
import { globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { gunzipSync, gzipSync, zstdCompressSync } from "node:zlib";

const fixture = resolve(
  import.meta.dirname,
  "../../../shared/fixtures/rpm/signed-small-repos/mocacinno+bitcoin_core_docker_prereqs/repodata",
);

export interface LargeRepository {
  readonly packages: number;
  /** Of primary.xml's text. */
  readonly bytes: number;
}

const compressors = {
  gz: (text: Buffer): Buffer => gzipSync(text),
  zst: (text: Buffer): Buffer => zstdCompressSync(text),
};
export type Ending = keyof typeof compressors;

/** Writes one with at least so many bytes of primary.xml. `undefined` without the fixtures. */
export function makeLargeRepository(folder: string, ending: Ending, bytes: number): LargeRepository | undefined {
  const [file] = globSync("*-primary.xml.gz", { cwd: fixture });
  if (file === undefined) return undefined;
  const [start = "", ...packages] = gunzipSync(readFileSync(join(fixture, file)))
    .toString()
    .split(/(?=<package )/);
  const body = packages.join("").replace(/<\/metadata>\s*$/, "");
  const copies: Buffer[] = [];
  for (let size = 0; size < bytes; size += copies.at(-1)?.length ?? 0) {
    copies.push(Buffer.from(copies.length === 0 ? body : renamed(body, copies.length)));
  }
  const text = Buffer.concat([Buffer.from(start), ...copies, Buffer.from("</metadata>\n")]);
  const packed = compressors[ending](text);
  mkdirSync(join(folder, "repodata"), { recursive: true });
  writeFileSync(join(folder, `repodata/primary.xml.${ending}`), packed);
  writeFileSync(join(folder, "repodata/repomd.xml"), repomd(text, packed, ending));
  return { packages: copies.length * packages.length, bytes: text.length };
}

/** Other packages, with other capabilities and files. */
function renamed(body: string, copy: number): string {
  return body
    .replaceAll(/<name>(.*?)<\/name>/g, `<name>$1-${copy}</name>`)
    .replaceAll(/<rpm:entry name="([^"/(][^"]*)"/g, `<rpm:entry name="$1-${copy}"`)
    .replaceAll("</file>", `-${copy}</file>`)
    .replaceAll(/(pkgid="YES">)[0-9a-f]{64}/g, (all, before: string) => `${before}${hex(`${copy} ${all}`)}`);
}

const hex = (bytes: Buffer | string): string => createHash("sha256").update(bytes).digest("hex");

function repomd(text: Buffer, packed: Buffer, ending: Ending): string {
  const primary = [
    `<checksum type="sha256">${hex(packed)}</checksum><open-checksum type="sha256">${hex(text)}</open-checksum>`,
    `<location href="repodata/primary.xml.${ending}"/><timestamp>1700000000</timestamp>`,
    `<size>${packed.length}</size><open-size>${text.length}</open-size>`,
  ];
  return `<repomd xmlns="http://linux.duke.edu/metadata/repo"><revision>1700000000</revision><data type="primary">${primary.join("")}</data></repomd>\n`;
}
