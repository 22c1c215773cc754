// Lists of mirrors as repositories of rpm packages have them: metalink (mirrormanager's, of repomd.xml) and mirrorlist, one
// URL a line.
import { bytesOf } from "../../core/bytes.ts";
import { DodaiError } from "../../core/dodai-error.ts";
import type { Checksum } from "./repomd.ts";
import { readXml } from "./xml.ts";

export interface MirrorList {
  /** Roots of the repository, the best first. */
  readonly urls: readonly string[];
  /** Digests that repomd.xml may have, now and a little before; none where the list does not say. */
  readonly repomd: readonly Checksum[];
}

const REPOMD = "repodata/repomd.xml";
const strong: ReadonlyMap<string, number> = new Map([
  ["sha256", 64],
  ["sha512", 128],
]);

/** Reads either form. Throws INDEX_SYNTAX when it names no mirror that can be used. */
export async function parseMirrorList(bytes: Uint8Array, what: string): Promise<MirrorList> {
  const text = Buffer.from(bytes).toString("utf8");
  const list = /^\s*</.test(text) ? await parseMetalink(bytes, what) : { urls: linesOf(text), repomd: [] };
  if (list.urls.length > 0) return list;
  throw new DodaiError("INDEX_SYNTAX", `Cannot read ${what}: it names no mirror with an http: or https: URL`, {
    fix: "Check the URL of the list, or name a mirror yourself.",
  });
}

const linesOf = (text: string): readonly string[] =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => /^https?:\/\//.test(line));

async function parseMetalink(bytes: Uint8Array, what: string): Promise<MirrorList> {
  const urls: { url: string; preference: number }[] = [];
  const repomd: Checksum[] = [];
  let attributes: Readonly<Record<string, string>> = {};
  let isRepomd = false;
  await readXml(
    bytesOf(bytes),
    {
      open(name, found) {
        attributes = found;
        if (name === "file") isRepomd = found.name === "repomd.xml";
      },
      close(name, text) {
        if (!isRepomd) return;
        const value = text.trim();
        if (name === "hash") {
          const algorithm = attributes.type ?? "";
          if (strong.get(algorithm) === value.length) repomd.push({ algorithm, hex: value.toLowerCase() });
        } else if (name === "url" && /^https?:\/\//.test(value) && value.endsWith(REPOMD)) {
          urls.push({ url: value.slice(0, -REPOMD.length), preference: Number(attributes.preference ?? "0") || 0 });
        }
      },
    },
    { what, maxBytes: bytes.length },
  );
  urls.sort((a, b) => b.preference - a.preference);
  return { urls: urls.map(({ url }) => url), repomd };
}
