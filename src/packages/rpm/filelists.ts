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
  await readXml(
    bytes,
    {
      open(name, attributes) {
        if (name !== "package") return;
        id = attributes.pkgid ?? "";
        files = [];
      },
      close(name, text) {
        if (name === "file" && wanted.has(text)) files.push(text);
        if (name === "package" && files.length > 0) found(id, files);
      },
    },
    options,
  );
}
