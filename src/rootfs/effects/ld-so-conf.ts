// The folders that /etc/ld.so.conf names, with the files that it includes (ldconfig(8); glibc elf/ldconfig.c, parse_conf).
// Any package may put a file there, so reading is bounded: each file is read once, and few patterns are looked up.
import { compareBytes } from "../../core/byte-order.ts";
import { DodaiError } from "../../core/dodai-error.ts";
import { compileGlob } from "../glob.ts";
import type { EffectContext } from "./contract.ts";

/** Real images have one pattern and a handful of short files. */
const maxPatterns = 100;
const maxBytes = 1 << 20;

/** As they are spelled, without `/` at their ends, in the order in which ldconfig meets them; some may be there twice. */
export function configuredFolders(context: EffectContext): readonly string[] {
  const reading: Reading = { context, folders: [], files: new Set(), patterns: new Set(), bytesLeft: maxBytes };
  if (context.tree.has("etc/ld.so.conf")) readConf(reading, "etc/ld.so.conf");
  else readIncluded(reading, "/etc/ld.so.conf.d/*.conf");
  return reading.folders;
}

interface Reading {
  readonly context: EffectContext;
  readonly folders: string[];
  /** What was read or looked up before; a second time would add nothing. */
  readonly files: Set<string>;
  readonly patterns: Set<string>;
  bytesLeft: number;
}

function readConf(reading: Reading, path: string): void {
  const { context, files, folders } = reading;
  if (files.has(path) || context.tree.get(path)?.entry.kind !== "file") return;
  files.add(path);
  const file = context.open(path);
  reading.bytesLeft -= file.sizeBytes;
  if (reading.bytesLeft < 0) throw tooMuch(`its files have more than ${maxBytes} bytes`);
  const text = Buffer.from(file.read(0, file.sizeBytes)).toString();
  for (const line of text.split("\n").map((one) => one.replace(/#.*/, "").trim())) {
    const include = /^include\s+(\S.*)$/.exec(line)?.[1];
    if (include !== undefined) for (const pattern of include.split(/\s+/)) readIncluded(reading, pattern);
    else if (line.startsWith("/")) folders.push(withoutSlashes(line));
  }
}

function readIncluded(reading: Reading, include: string): void {
  const pattern = (include.startsWith("/") ? include : `/etc/${include}`).replace(/\*+/g, "*");
  const { context, patterns } = reading;
  if (patterns.has(pattern)) return;
  patterns.add(pattern);
  if (patterns.size > maxPatterns) throw tooMuch(`it includes more than ${maxPatterns} patterns`);
  // With several in one name, a long name takes time without end.
  if (/\*[^/]*\*/.test(pattern)) throw tooMuch("a pattern that it includes has more than one * in a name");
  const matches = matcherOf(pattern);
  const paths = [...context.tree.keys()].filter(matches).sort(compareBytes);
  for (const path of paths) readConf(reading, path);
}

/** glob(7): a set out of order matches nothing. */
function matcherOf(pattern: string): (path: string) => boolean {
  try {
    return compileGlob(pattern);
  } catch (error) {
    if (error instanceof DodaiError) return () => false;
    throw error;
  }
}

/** A loop and no regular expression: that takes quadratic time on a long run of slashes inside. */
function withoutSlashes(folder: string): string {
  let end = folder.length;
  while (end > 1 && folder[end - 1] === "/") end--;
  return folder.slice(0, end);
}

function tooMuch(state: string): DodaiError {
  return new DodaiError("EFFECT_FAILED", `Cannot write "/etc/ld.so.cache": /etc/ld.so.conf is too much, ${state}`, {
    fix: "A package puts a file into /etc/ld.so.conf.d that is broken or hostile. Do not install it.",
  });
}
