// What packages run when they are installed, read from their headers: scripts of their own, triggers that other packages set
// off, and triggers that files set off (rpm's docs/man/rpm-spec.5, docs/manual/triggers.md, file_triggers.md).
import type { ControlMember } from "../contract.ts";
import type { Header } from "./header.ts";
import { sense, tags } from "./tags.ts";

/** As a spec file calls it, without the `%`. */
export type ScriptKind = "pretrans" | "pre" | "post" | "posttrans" | TriggerKind;
export type TriggerKind = "triggerprein" | "triggerin" | FileTriggerKind;
export type FileTriggerKind = "filetriggerin" | "transfiletriggerin";

export interface Scriptlet {
  readonly kind: ScriptKind;
  /** Unique in a package: `post`, `triggerin`; a second trigger of a kind is `triggerin-2`. */
  readonly name: string;
  /** `/bin/sh`, `<lua>`, and its arguments. */
  readonly interpreter: readonly [string, ...string[]];
  /** Without one the program is all that there is: `-p /sbin/ldconfig`. */
  readonly body: string | undefined;
  /** Macros are expanded in its body (`-e`), and then a query format (`-q`), when it runs. */
  readonly expands: boolean;
  readonly isQueryFormat: boolean;
  /** Of triggers: what sets them off, in the header's order. */
  readonly conditions: readonly TriggerCondition[];
  /** Of file triggers: the higher runs first. */
  readonly priority: number;
}

/** A package of certain versions, or the start of a path. */
export interface TriggerCondition {
  readonly name: string;
  readonly flags: number;
  readonly version: string;
  /** Place in the header's list, which has the conditions of all triggers. */
  readonly place: number;
}

/** In rpm's order when a package is installed. */
const plain = [
  ["pretrans", tags.preTrans, tags.preTransProgram, tags.preTransFlags],
  ["pre", tags.preIn, tags.preInProgram, tags.preInFlags],
  ["post", tags.postIn, tags.postInProgram, tags.postInFlags],
  ["posttrans", tags.postTrans, tags.postTransProgram, tags.postTransFlags],
] as const;

/** Tags of lists that belong together; a kind of trigger is told by a bit of its conditions. */
interface TriggerTags {
  readonly kinds: readonly { readonly kind: TriggerKind; readonly bit: number }[];
  readonly bodies: number;
  readonly programs: number;
  readonly scriptFlags: number;
  readonly names: number;
  readonly indexes: number;
  readonly versions: number;
  readonly flags: number;
  readonly priorities?: number;
}

const triggers: readonly TriggerTags[] = [
  {
    kinds: [
      { kind: "triggerprein", bit: sense.triggerPreIn },
      { kind: "triggerin", bit: sense.triggerIn },
    ],
    bodies: tags.triggerScripts,
    programs: tags.triggerPrograms,
    scriptFlags: tags.triggerScriptFlags,
    names: tags.triggerNames,
    indexes: tags.triggerIndexes,
    versions: tags.triggerVersions,
    flags: tags.triggerFlags,
  },
  {
    kinds: [{ kind: "filetriggerin", bit: sense.triggerIn }],
    bodies: tags.fileTriggerScripts,
    programs: tags.fileTriggerPrograms,
    scriptFlags: tags.fileTriggerScriptFlags,
    names: tags.fileTriggerNames,
    indexes: tags.fileTriggerIndexes,
    versions: tags.fileTriggerVersions,
    flags: tags.fileTriggerFlags,
    priorities: tags.fileTriggerPriorities,
  },
  {
    kinds: [{ kind: "transfiletriggerin", bit: sense.triggerIn }],
    bodies: tags.transactionTriggerScripts,
    programs: tags.transactionTriggerPrograms,
    scriptFlags: tags.transactionTriggerScriptFlags,
    names: tags.transactionTriggerNames,
    indexes: tags.transactionTriggerIndexes,
    versions: tags.transactionTriggerVersions,
    flags: tags.transactionTriggerFlags,
    priorities: tags.transactionTriggerPriorities,
  },
];

/** Kinds by the names that spec files have for them. */
export const scriptKinds: readonly ScriptKind[] = [
  ...plain.map(([kind]) => kind),
  ...triggers.flatMap(({ kinds }) => kinds.map(({ kind }) => kind)),
];

/** rpm's RPMSCRIPT_FLAG_EXPAND and _QFORMAT. */
const EXPAND = 1;
const QUERY_FORMAT = 2;
/** rpm's RPMTRIGGER_DEFAULT_PRIORITY. */
const USUAL_PRIORITY = 1_000_000;

/** What runs when the package, or another beside it, is installed. */
export function scriptletsOf(header: Header): readonly Scriptlet[] {
  return [
    ...plain.flatMap(([kind, body, program, flags]): readonly Scriptlet[] => {
      if (!header.has(body) && !header.has(program)) return [];
      const [first = "/bin/sh", ...rest] = header.texts(program);
      const interpreter = [first, ...rest] as const;
      const [bits = 0] = header.numbers(flags);
      return [
        { kind, name: kind, interpreter, body: header.text(body), ...readFlags(bits), conditions: [], priority: 0 },
      ];
    }),
    ...triggers.flatMap((one) => triggersOf(header, one)),
  ];
}

function triggersOf(header: Header, of: TriggerTags): readonly Scriptlet[] {
  const [programs, bits] = [header.texts(of.programs), header.numbers(of.scriptFlags)];
  const priorities = of.priorities === undefined ? [] : header.numbers(of.priorities);
  const conditions = conditionsOf(header, of);
  const seen = new Map<TriggerKind, number>();
  return header.texts(of.bodies).flatMap((body, index): readonly Scriptlet[] => {
    const own = conditions.filter((one) => one.index === index);
    const kind = of.kinds.find(({ bit }) => ((own[0]?.flags ?? 0) & bit) !== 0)?.kind;
    if (kind === undefined) return [];
    const count = (seen.get(kind) ?? 0) + 1;
    seen.set(kind, count);
    const name = count === 1 ? kind : `${kind}-${count}`;
    const interpreter = [programs[index] || "/bin/sh"] as const;
    const priority = priorities[index] ?? USUAL_PRIORITY;
    return [{ kind, name, interpreter, body, ...readFlags(bits[index] ?? 0), conditions: own, priority }];
  });
}

function conditionsOf(header: Header, of: TriggerTags): readonly (TriggerCondition & { readonly index: number })[] {
  const [indexes, flags, versions] = [header.numbers(of.indexes), header.numbers(of.flags), header.texts(of.versions)];
  return header.texts(of.names).map((name, at) => ({
    name,
    index: indexes[at] ?? -1,
    flags: flags[at] ?? 0,
    version: versions[at] ?? "",
    place: at,
  }));
}

const readFlags = (bits: number): Pick<Scriptlet, "expands" | "isQueryFormat"> => ({
  expands: (bits & EXPAND) !== 0,
  isQueryFormat: (bits & QUERY_FORMAT) !== 0,
});

/** As files that could be run: what interprets them stands in a first line of their own. */
export function scriptsOf(header: Header): readonly ControlMember[] {
  return scriptletsOf(header).map(({ name, interpreter, body }) => ({
    name,
    mode: 0o755,
    bytes: Buffer.from(`#!${interpreter.join(" ")}\n${body ?? ""}`),
  }));
}
