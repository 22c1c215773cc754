// apko's lock (apko.lock.json, version v1): exact packages with their addresses, and the keys. What a build takes of it is
// which packages; that they are those of the lock is checked by apk's own checksum of each.
import { hexOf, sha256 } from "../../core/digest.ts";
import { DodaiError } from "../../core/dodai-error.ts";
import type { PinnedPackage } from "../../core/recipe.ts";

export interface ApkoLock {
  /** Of the recipe's file and all that it includes; locks of apko before 0.13 have none. */
  readonly checksum: string | undefined;
  /** Keys whose text is in the lock, by the name or address that the recipe has for them. */
  readonly keys: ReadonlyMap<string, string>;
  readonly packages: readonly PinnedPackage[];
}

/** Whether a text is apko's lock and not dodai's, whose version is a number. */
export function isApkoLock(text: string): boolean {
  return /"version"\s*:\s*"v\d+"/.test(text.slice(0, 4096)) && text.includes('"contents"');
}

/** Throws LOCK_SYNTAX. */
export function parseApkoLock(text: string, file: string): ApkoLock {
  const fault = (state: string, cause?: unknown): DodaiError =>
    new DodaiError("LOCK_SYNTAX", `Cannot read apko's lock "${file}": ${state}`, {
      fix: 'Write it anew with "apko lock" of version 0.13 or later, or remove it and use "dodai lock".',
      cause,
    });
  let root: unknown;
  try {
    root = JSON.parse(text);
  } catch (cause) {
    throw fault("it is not JSON", cause);
  }
  const version = textAt(root, "version");
  if (version !== "v1") throw fault(`its version is "${version}", wanted "v1"`);
  const contents = memberAt(root, "contents");
  const keyring = listAt(contents, "keyring");
  const keys = keyring.flatMap((one): readonly (readonly [string, string])[] => {
    const [url, content] = [textAt(one, "url"), textAt(one, "content")];
    return url === undefined || content === undefined ? [] : [[url, content]];
  });
  return {
    checksum: textAt(memberAt(root, "config"), "checksum"),
    keys: new Map(keys),
    packages: listAt(contents, "packages").map((one, index) =>
      readPackage(one, (state) => fault(`contents.packages[${index}] ${state}`)),
    ),
  };
}

function readPackage(value: unknown, fault: (state: string) => DodaiError): PinnedPackage {
  const text = (key: string, form: RegExp): string => {
    const found = textAt(value, key) ?? "";
    if (form.test(found)) return found;
    throw fault(found === "" ? `has no "${key}"` : `has "${found.slice(0, 80)}" as its "${key}"`);
  };
  const [, last] = /^bytes=\d{1,15}-(\d{1,15})$/.exec(textAt(memberAt(value, "data"), "range") ?? "") ?? [];
  if (last === undefined) throw fault('has no "data.range"');
  return {
    name: text("name", /^[A-Za-z0-9][A-Za-z0-9+._-]*$/),
    version: text("version", /^[A-Za-z0-9][A-Za-z0-9._~-]*$/),
    architecture: text("architecture", /^[a-z0-9_]+$/),
    url: text("url", /^[^\0-\x20\\]+$/),
    checksum: text("checksum", /^Q1[A-Za-z0-9+/]{27}=$/),
    sizeBytes: Number(last) + 1,
  };
}

/**
 * Whether the lock is of these files: the recipe's text, then those that it includes. A checkout that turned line ends into
 * CRLF is the same recipe.
 */
export function fitsTexts({ checksum }: ApkoLock, texts: readonly string[]): boolean {
  if (checksum === undefined) return true;
  const all = texts.join("");
  return [all, all.replaceAll("\r\n", "\n")].some((one) => checksum === checksumOf(one));
}

function checksumOf(text: string): string {
  return `sha256-${Buffer.from(hexOf(sha256(text)), "hex").toString("base64")}`;
}

function memberAt(value: unknown, key: string): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
  return (value as Readonly<Record<string, unknown>>)[key];
}

function textAt(value: unknown, key: string): string | undefined {
  const found = memberAt(value, key);
  return typeof found === "string" ? found : undefined;
}

function listAt(value: unknown, key: string): readonly unknown[] {
  const found = memberAt(value, key);
  return Array.isArray(found) ? found : [];
}
