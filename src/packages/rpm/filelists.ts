// filelists.xml: every file of every package. It is several times as large as primary.xml, and read only when a package asks
// for a file that primary.xml does not list.
import type { Bytes } from "../../core/bytes.ts";
import { readXml } from "./xml.ts";

/** Calls `found` with the id of each package that has some of the wanted files. Throws INDEX_SYNTAX. */
export async function readFilelists(
  bytes: Bytes,
  { wanted, found }: { readonly wanted: ReadonlySet<string>; found(id: string, files: readonly string[]): void },
  options: { readonly what: string; readonly maxBytes: number },
): Promise<void> {
  let id = "";
  let files: string[] = [];
  const traits = new Set([...wanted].map(traitOf));
  await readXml(
    bytes,
    {
      open(name, attributes) {
        if (name !== "package") return;
        id = attributes.pkgid ?? "";
        files = [];
      },
      close(name, text) {
        if (name === "file" && traits.has(traitOf(text)) && wanted.has(text)) files.push(text);
        if (name === "package" && files.length > 0) found(id, files);
      },
    },
    options,
  );
}

/** Most paths differ in it from those that are wanted. Looking a text up costs several times as much, and memory. */
const traitOf = (path: string): number =>
  (path.length << 16) | ((path.charCodeAt(path.length >> 1) & 0xff) << 8) | (path.charCodeAt(path.length - 1) & 0xff);
