// Files that ADD takes from the network.

import { stat } from "node:fs/promises";
import { type Bytes, verified } from "../../core/bytes.ts";
import { type Digest, parseDigest } from "../../core/digest.ts";
import { DodaiError, type Position } from "../../core/dodai-error.ts";
import type { CopyInstruction } from "../../frontends/dockerfile/instruction.ts";
import { positionAt, syntaxError } from "../../frontends/dockerfile/source.ts";
import { faultOf, HttpFault } from "../../io/http-fault.ts";
import type { CopyWishes } from "./copy-step.ts";
import type { StepContext } from "./state.ts";

export interface Fetched {
  /** The last part of the URL's path. */
  readonly name: string;
  readonly digest: Digest;
  readonly sizeBytes: number;
  open(): Bytes;
}

export const isRemote = (source: string): boolean => /^https?:\/\//i.test(source);

/** What BuildKit takes for a git repository. */
export function isGitSource(source: string): boolean {
  return (
    /^(?:git|ssh):\/\//i.test(source) ||
    /^[\w.-]+@[\w.-]+:/.test(source) ||
    (isRemote(source) && /\.git(?:#.*)?$/i.test(source)) ||
    source.startsWith("github.com/")
  );
}

const maxBytes = 2 ** 40;

/** Throws DOWNLOAD_FAILED, DIGEST_MISMATCH, NETWORK_OFFLINE, DOCKERFILE_SYNTAX. */
export async function fetchRemote(
  source: string,
  {
    wishes,
    instruction,
    context,
  }: { readonly wishes: CopyWishes; readonly instruction: CopyInstruction; readonly context: StepContext },
): Promise<Fetched> {
  const { store } = context.building.session;
  const url = readUrl(source, instruction);
  const shown = `${url.host}${url.pathname}`;
  const expected = readChecksum(wishes, instruction);
  const name = fileNameOf(url);
  if (name === "" && wishes.isFolder) {
    throw new DodaiError("STEP_FAILED", `Cannot add "${shown}": its path ends without a file's name`, {
      where: instruction.position,
      fix: "Write the file's whole name as the destination.",
    });
  }
  const isThere = expected !== undefined && (await store.has(expected));
  const digest = isThere ? expected : await download(url, { shown, expected, where: instruction.position }, context);
  const sizeBytes = (await stat(store.path(digest))).size;
  const open = (): Bytes => verified(store.open(digest), { digest, sizeBytes, what: `"${shown}"` });
  return { name: name === "" ? "file" : name, digest, sizeBytes, open };
}

function readChecksum({ checksum }: CopyWishes, { source, checksum: word }: CopyInstruction): Digest | undefined {
  if (checksum === undefined) return undefined;
  if (/^sha256:[0-9a-f]{64}$/.test(checksum)) return parseDigest(checksum);
  throw syntaxError({
    what: `--checksum=${checksum}`,
    state: "it is not sha256: followed by 64 lower-case hex digits",
    where: positionAt(source, word?.at ?? 0),
  });
}

function readUrl(source: string, { source: text, sources }: CopyInstruction): URL {
  if (URL.canParse(source)) return new URL(source);
  throw new DodaiError("STEP_FAILED", `Cannot add "${source}": it is no URL`, {
    where: positionAt(text, sources.find((one) => one.text === source)?.at ?? 0),
  });
}

function fileNameOf({ pathname }: URL): string {
  const name = pathname.slice(pathname.lastIndexOf("/") + 1);
  try {
    return decodeURIComponent(name).replaceAll("/", "");
  } catch {
    return name;
  }
}

interface Download {
  readonly shown: string;
  readonly expected: Digest | undefined;
  readonly where: Position;
}

/** Into the store. Throws DOWNLOAD_FAILED, DIGEST_MISMATCH, NETWORK_OFFLINE, CANCELLED. */
async function download(url: URL, { shown, expected, where }: Download, { building }: StepContext): Promise<Digest> {
  const { session, options } = building;
  if (options.offline) {
    throw new DodaiError("NETWORK_OFFLINE", `Cannot fetch "${shown}": --offline forbids to ask for it`, { where });
  }
  session.emit({ kind: "stage", stage: "download", text: `fetching ${shown}` });
  const http = await session.http();
  try {
    const digest = await session.store.keep(http.read(url, { maxBytes, checked: expected !== undefined }));
    if (expected === undefined || digest === expected) return digest;
    throw new DodaiError("DIGEST_MISMATCH", `Cannot use "${shown}": its digest is ${digest}, wanted ${expected}`, {
      where,
      fix: "The file was changed since its checksum was written down. Look at what changed.",
    });
  } catch (error) {
    const fault = faultOf(error);
    if (!(fault instanceof HttpFault)) throw error;
    throw new DodaiError("DOWNLOAD_FAILED", `Cannot fetch "${shown}": ${fault.message}`, { where, cause: fault });
  }
}
