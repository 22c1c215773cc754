// What rpm looks packages up by: a table or file for each tag, with the keys that a header has for it.
import { DodaiError } from "../../core/dodai-error.ts";
import type { RichRelation } from "../contract.ts";
import { type Header, valueType } from "./header.ts";
import { parseRelation } from "./relation.ts";
import type { SqliteValue } from "./sqlite.ts";
import { sense, signatureTags, tags } from "./tags.ts";

export interface IndexSpec {
  readonly name: string;
  readonly tag: number;
  /** Of the column that is looked up: rpm gives some tables fewer indexes. */
  readonly by: readonly ("key" | "hnum")[];
  readonly type?: "BLOB";
  /** Whether rpm had it before 4.12. */
  readonly isOld?: true;
}

const byBoth = ["key", "hnum"] as const;

/** In the order in which rpm makes them. */
export const indexSpecs: readonly IndexSpec[] = [
  { name: "Name", tag: tags.name, by: ["key"], isOld: true },
  { name: "Basenames", tag: tags.baseNames, by: byBoth, isOld: true },
  { name: "Group", tag: tags.group, by: ["key"], isOld: true },
  { name: "Requirename", tag: tags.requireNames, by: byBoth, isOld: true },
  { name: "Providename", tag: tags.provideNames, by: byBoth, isOld: true },
  { name: "Conflictname", tag: tags.conflictNames, by: byBoth, isOld: true },
  { name: "Obsoletename", tag: tags.obsoleteNames, by: byBoth, isOld: true },
  { name: "Triggername", tag: tags.triggerNames, by: byBoth, isOld: true },
  { name: "Dirnames", tag: tags.dirNames, by: byBoth, isOld: true },
  { name: "Installtid", tag: tags.installTransaction, by: [], type: "BLOB", isOld: true },
  { name: "Sigmd5", tag: 261, by: [], type: "BLOB", isOld: true },
  { name: "Sha1header", tag: signatureTags.sha1, by: ["key"], isOld: true },
  { name: "Filetriggername", tag: tags.fileTriggerNames, by: byBoth },
  { name: "Transfiletriggername", tag: tags.transactionTriggerNames, by: byBoth },
  { name: "Recommendname", tag: tags.recommendNames, by: byBoth },
  { name: "Suggestname", tag: tags.suggestNames, by: byBoth },
  { name: "Supplementname", tag: tags.supplementNames, by: byBoth },
  { name: "Enhancename", tag: tags.enhanceNames, by: byBoth },
];

export interface IndexKey {
  readonly key: SqliteValue;
  readonly index: number;
}

/** What rpm looks up of a tag (rpm's rpmdbIndexAdd and tag2index). */
export function keysOf(header: Header, tag: number): readonly IndexKey[] {
  const entry = header.entries.find((one) => one.tag === tag);
  if (entry === undefined) return [];
  if (entry.type === valueType.bin) return [{ key: header.bin(tag) ?? null, index: 0 }];
  if (entry.type === valueType.int32)
    return header.numbers(tag).map((one, index) => ({ key: littleEndian(one), index }));
  const texts = entry.type === valueType.i18nString ? header.texts(tag).slice(0, 1) : header.texts(tag);
  const keys = texts.map((key, index) => ({ key, index }));
  switch (tag) {
    case tags.requireNames: {
      const flags = header.numbers(tags.requireFlags);
      return withRich(keys.filter(({ index }) => !isForInstallOnly(flags[index] ?? 0)));
    }
    case tags.triggerNames:
      return keys.filter(({ key }, at) => texts.indexOf(key) === at);
    case tags.fileTriggerNames:
      return withTrigger(keys, header.numbers(tags.fileTriggerIndexes));
    case tags.transactionTriggerNames:
      return withTrigger(keys, header.numbers(tags.transactionTriggerIndexes));
    default:
      return withRich(keys);
  }
}

/** A file trigger is found by its own number, whichever of its paths is looked up. */
function withTrigger(
  keys: readonly { readonly key: string; readonly index: number }[],
  triggers: readonly number[],
): readonly IndexKey[] {
  return keys.map(({ key, index }) => ({ key, index: triggers[index] ?? index }));
}

/** What is only needed while the package is installed is not looked up when others are removed. */
function isForInstallOnly(flags: number): boolean {
  const { scriptPre, scriptPost, rpmlib, keyring, preTrans, postTrans, scriptPreUn, scriptPostUn } = sense;
  const install = flags & (scriptPre | scriptPost | rpmlib | keyring | preTrans | postTrans);
  return install !== 0 && (flags & (scriptPreUn | scriptPostUn)) === 0;
}

/** Names in boolean relations are looked up too, after all others; those of conditions with "!" in front. */
function withRich(keys: readonly { readonly key: string; readonly index: number }[]): readonly IndexKey[] {
  const inner = keys.flatMap(({ key, index }) => {
    const rich = key.startsWith("(") ? richOf(key) : undefined;
    return [...new Set(rich ? namesIn(rich, "") : [])].map((name) => ({ key: name, index }));
  });
  return [...keys, ...inner];
}

/** rpm installs a package whose relation it cannot read, and looks it up by the whole text. */
function richOf(text: string): RichRelation | undefined {
  try {
    return parseRelation(text, "depends").rich;
  } catch (error) {
    if (error instanceof DodaiError && error.code === "RELATION_SYNTAX") return undefined;
    throw error;
  }
}

function namesIn(rich: RichRelation, sign: "" | "!"): readonly string[] {
  const other = sign === "" ? "!" : "";
  switch (rich.kind) {
    case "name":
      return [`${sign}${rich.requirement.name}`];
    case "if":
    case "unless":
      return [
        ...namesIn(rich.wanted, sign),
        ...namesIn(rich.condition, other),
        // With an else the condition counts both ways.
        ...(rich.otherwise ? [...namesIn(rich.condition, sign), ...namesIn(rich.otherwise, sign)] : []),
      ];
    default:
      return rich.parts.flatMap((part) => namesIn(part, sign));
  }
}

export function littleEndian(number: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(number);
  return bytes;
}
