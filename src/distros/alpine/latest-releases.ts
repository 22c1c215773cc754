// latest-releases.yaml: what Alpine's mirrors say of the newest release of a branch for one architecture, an ISO image or
// tarball an item. aports, scripts/mkimg.base.sh makes it. It is not signed: what it names is.
import { isMap, isScalar, isSeq, type Node, parseDocument, type YAMLMap } from "yaml";
import { DodaiError } from "../../core/dodai-error.ts";
import { isNestedDeeper } from "../../core/yaml-depth.ts";
import type { Checksum } from "../../crypto/checksums.ts";
import type { RootClaim, RootTarball } from "../contract.ts";
import { releasesFolder } from "./releases.ts";

/** Real ones have some 10 KB. */
const maxIndexBytes = 256 << 10;
/** Real ones nest two deep: a list of maps of texts. */
const maxDepth = 8;

interface RootWanted {
  /** The folder on the mirror: `v3.22`, `edge`. */
  readonly branch: string;
  readonly architecture: string;
}

const flavor = "alpine-minirootfs";

/** The one item of the flavor. Throws INDEX_SYNTAX, also where it is of another branch or architecture; SUM_MISSING. */
export function readLatestReleases(index: Uint8Array, wanted: RootWanted): RootTarball {
  const folder = releasesFolder(wanted, wanted.architecture);
  const what = `${folder}/latest-releases.yaml`;
  const items = itemsOf(Buffer.from(index).toString("utf8"), what).filter((item) => item.get("flavor") === flavor);
  const [item] = items;
  if (item === undefined) throw unusable(what, `it has no "${flavor}"`);
  if (items.length > 1) throw unusable(what, `it has "${flavor}" ${items.length} times`);
  const version = matching(item, "version", /^\d[\w.]{0,30}$/, what);
  const file = matching(item, "file", /^[\w][\w.+-]{0,100}$/, what);
  for (const [key, expected] of [
    ["file", `${flavor}-${version}-${wanted.architecture}.tar.gz`],
    ["arch", wanted.architecture],
    ["branch", wanted.branch],
  ] as const) {
    const found = item.get(key) ?? expected;
    if (found !== expected) throw unusable(what, `"${key}" is "${printable(found)}", wanted "${expected}"`);
  }
  if (wanted.branch !== "edge" && !version.startsWith(`${wanted.branch.slice(1)}.`)) {
    throw unusable(what, `version ${version} is not of branch ${wanted.branch}`);
  }
  const claims = claimsOf(version, wanted);
  return { path: `${folder}/${file}`, version, checksums: checksumsOf(item, what), claims };
}

/** Edge is numbered by its day, and calls itself `3.23.0_alpha20251016`. */
function claimsOf(version: string, { branch, architecture }: RootWanted): readonly RootClaim[] {
  const text = version.replaceAll(".", "\\.");
  const release = branch === "edge" ? new RegExp(`^(?:[\\d.]+_alpha)?${text}$`) : new RegExp(`^${text}$`);
  return [
    { path: "etc/alpine-release", pattern: release, wanted: version },
    { path: "etc/apk/arch", pattern: new RegExp(`^${architecture}$`), wanted: architecture },
  ];
}

/** As a message may show it, wherever it is from. */
const printable = (text: string): string => JSON.stringify(text.slice(0, 120)).slice(1, -1);

function checksumsOf(item: Item, what: string): readonly Checksum[] {
  if (!item.has("sha512")) {
    throw new DodaiError("SUM_MISSING", `Cannot verify "${item.get("file")}" by ${what}: it has no SHA-512 of it`, {
      fix: "Use another mirror, or tell who runs this one.",
    });
  }
  return (["sha256", "sha512"] as const)
    .filter((algorithm) => item.has(algorithm))
    .map((algorithm) => {
      const digits = algorithm === "sha256" ? /^[0-9a-fA-F]{64}$/ : /^[0-9a-fA-F]{128}$/;
      return { algorithm, hex: matching(item, algorithm, digits, what).toLowerCase() };
    });
}

function matching(item: Item, key: string, form: RegExp, what: string): string {
  const text = item.get(key);
  if (text !== undefined && form.test(text)) return text;
  throw unusable(what, `"${key}" of "${flavor}" is ${text === undefined ? "absent" : "not of the usual form"}`);
}

/** Texts by their keys; what is not text is left out. */
type Item = ReadonlyMap<string, string>;

function itemsOf(text: string, what: string): readonly Item[] {
  if (text.length > maxIndexBytes) throw unusable(what, `it is larger than ${maxIndexBytes} bytes`);
  if (isNestedDeeper(text, maxDepth)) throw unusable(what, "it is nested too deeply");
  // Without a schema every scalar is the text that is there: 3.20 is no number, and 2026-11-01 no date.
  const { contents, errors } = parseDocument<Node>(text, yamlOptions);
  const [error] = errors;
  if (error) throw unusable(what, `it is not YAML (${printable(error.message)})`, error);
  if (!isSeq(contents)) throw unusable(what, "it is not a list");
  return contents.items.map((item) => {
    if (!isMap(item)) throw unusable(what, "an item is not a map");
    const texts = textsOf(item);
    const found: Item = new Map(texts);
    if (found.size < texts.length) throw unusable(what, "an item says something twice");
    return found;
  });
}

/** The parser would compare each key with all others. */
const yamlOptions = { schema: "failsafe", prettyErrors: false, uniqueKeys: false } as const;

/** Aliases are left out like all else that is no text: real files have none. */
const textsOf = ({ items }: YAMLMap): readonly (readonly [string, string])[] =>
  items.flatMap(({ key, value }) =>
    isScalar(key) && isScalar(value) ? [[String(key.value), String(value.value).trim()] as const] : [],
  );

function unusable(what: string, state: string, cause?: unknown): DodaiError {
  return new DodaiError("INDEX_SYNTAX", `Cannot use ${what}: ${state}`, {
    fix: "The mirror may be in the middle of an update, or be none of Alpine. Use another one.",
    cause,
  });
}
