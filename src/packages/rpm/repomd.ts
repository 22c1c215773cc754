// repomd.xml: which metadata files a repository has, with their digests (createrepo_c's format; librepo reads the same).
import { printable } from "../../archive/tar-name.ts";
import { bytesOf } from "../../core/bytes.ts";
import { DodaiError } from "../../core/dodai-error.ts";
import { type Attributes, readXml } from "./xml.ts";

export interface MetadataFile {
  /** Below the repository's root. */
  readonly path: string;
  readonly checksum: Checksum;
  /** Of the file as it lies there; `undefined` in old repositories. */
  readonly sizeBytes: number | undefined;
  /** Of the decompressed text. */
  readonly openChecksum: Checksum | undefined;
  readonly openBytes: number | undefined;
}

export interface Checksum {
  /** Node's name of the algorithm. */
  readonly algorithm: string;
  readonly hex: string;
}

export interface Repomd {
  /** When the newest of the files was made. */
  readonly date: Date;
  /** By type: `primary`, `filelists`, `group`, `modules`, `updateinfo` ... */
  readonly files: ReadonlyMap<string, MetadataFile>;
}

/** MD5 and SHA-1 vouch for nothing any more. */
const algorithms: ReadonlyMap<string, number> = new Map([
  ["sha256", 64],
  ["sha384", 96],
  ["sha512", 128],
]);

interface Draft {
  readonly type: string;
  path: string;
  /** Texts and checksum types of the elements so far. */
  readonly texts: Map<string, string>;
  readonly types: Map<string, string>;
}

/** Throws RELEASE_SYNTAX. */
export async function parseRepomd(bytes: Uint8Array, what: string): Promise<Repomd> {
  const files = new Map<string, MetadataFile>();
  const stamps: number[] = [];
  let draft: Draft | undefined;
  await readXml(
    bytesOf(bytes),
    {
      open(name, attributes) {
        if (name === "data") draft = { type: attributes.type ?? "", path: "", texts: new Map(), types: new Map() };
        else if (draft && name === "location") draft.path = pathOf(attributes, what);
        else draft?.types.set(name, attributes.type ?? "");
      },
      close(name, text) {
        if (!draft) {
          if (name === "revision" && /^\s*\d{1,12}\s*$/.test(text)) stamps.push(Number(text));
          return;
        }
        draft.texts.set(name, text.trim());
        if (name !== "data") return;
        const file = fileOf(draft, what);
        if (file) files.set(draft.type, file);
        stamps.push(numberOf(draft, "timestamp") ?? 0);
        draft = undefined;
      },
    },
    { what, maxBytes: bytes.length, code: "RELEASE_SYNTAX" },
  );
  if (!files.has("primary")) throw fault(what, "it lists no primary metadata");
  return { files, date: new Date(1000 * Math.max(0, ...stamps)) };
}

/** `undefined` for what rests on a weak digest, unless it is what everything else rests on. */
function fileOf(draft: Draft, what: string): MetadataFile | undefined {
  const checksum = checksumOf(draft, "checksum");
  if (checksum === undefined) {
    if (draft.type !== "primary") return undefined;
    const type = draft.types.get("checksum") ?? "";
    throw fault(
      what,
      `its "primary" has the checksum "${printable(type)}", wanted SHA-256 or better`,
      'Old repositories can be had all the same: mirror it to a folder, run "createrepo_c FOLDER", and name the folder as the URL. Packages are verified by their signatures.',
    );
  }
  if (draft.path === "") throw fault(what, `its "${printable(draft.type)}" has no location`);
  return {
    path: draft.path,
    checksum,
    sizeBytes: numberOf(draft, "size"),
    openChecksum: checksumOf(draft, "open-checksum"),
    openBytes: numberOf(draft, "open-size"),
  };
}

function checksumOf({ texts, types }: Draft, name: string): Checksum | undefined {
  const algorithm = types.get(name)?.toLowerCase() ?? "";
  const hex = texts.get(name)?.toLowerCase() ?? "";
  return /^[0-9a-f]+$/.test(hex) && algorithms.get(algorithm) === hex.length ? { algorithm, hex } : undefined;
}

/** Some repositories have times with fractions. */
function numberOf({ texts }: Draft, name: string): number | undefined {
  const text = texts.get(name) ?? "";
  return /^\d{1,15}(?:\.\d+)?$/.test(text) ? Math.floor(Number(text)) : undefined;
}

/** Below the repository's root: relative and without `..`. */
function pathOf(attributes: Attributes, what: string): string {
  const href = locationOf(attributes);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is refused
  const isBad = href.startsWith("/") || /[\0-\x1f\\]|^[a-z]+:/.test(href) || href.split("/").includes("..");
  if (isBad) throw fault(what, `"${printable(href)}" lies outside the repository`);
  return href.replace(/^(?:\.\/+)+/, "");
}

/**
 * `href` of a location, below its `xml:base` where that is relative. One that is a URL says where the repository was made for;
 * its files lie below the URL by which people name the repository all the same, where mirrors have them.
 */
export function locationOf({ href = "", "xml:base": base = "" }: Attributes): string {
  const isRelative = base !== "" && !/^[A-Za-z][A-Za-z0-9+.-]*:|^\//.test(base);
  return isRelative ? `${base.replace(/\/*$/, "")}/${href}` : href;
}

function fault(what: string, state: string, fix?: string): DodaiError {
  return new DodaiError("RELEASE_SYNTAX", `Cannot read ${what}: ${state}`, fix === undefined ? {} : { fix });
}
