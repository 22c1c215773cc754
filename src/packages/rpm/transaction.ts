// What rpm runs when it installs packages into an empty root, in its order (rpm's rpmtsRun, rpmPackageInstall, rpmtriggers):
// every %pretrans; for each package in turn what it sets off before it is there, its %pre, file triggers of a high priority,
// its %post, triggers, and file triggers of a low priority; then every %posttrans and every trigger on the files of all.
import type { ControlMember } from "../contract.ts";
import { filesOf, type RpmFile } from "./files.ts";
import type { Header } from "./header.ts";
import { headersOf } from "./installed.ts";
import { operatorOf } from "./order-relations.ts";
import { overlap } from "./relation.ts";
import type { FileTriggerKind, ScriptKind, Scriptlet, TriggerCondition } from "./scripts.ts";
import { scriptletsOf } from "./scripts.ts";
import { fileFlag, sense, tags } from "./tags.ts";
import { compareVersions, formatEvr } from "./version.ts";

export interface ScriptRun {
  readonly package: string;
  /** What rpm knows the package by among those of one name: `glibc.i686`. */
  readonly query: string;
  readonly scriptlet: Scriptlet;
  /** What the script is called with: `$1`, `$2`. */
  readonly arguments: readonly number[];
  /** On its standard input, a line each: files that set it off. */
  readonly files?: readonly string[];
}

/** Those whose failure keeps a package from being installed (rpm's RPMSCRIPT_FLAG_CRITICAL). */
export const isCritical = ({ kind }: Scriptlet): boolean => ["pretrans", "triggerprein", "pre"].includes(kind);

/** A %pretrans in rpm's Lua runs before anything is there: in an image without rpm it can only be for upgrades. */
export const needsRpm = ({ kind, interpreter }: Scriptlet): boolean =>
  kind === "pretrans" && interpreter[0] === "<lua>";

/** What is installed: with the paths that an image has of it. */
export interface TransactionPackage {
  readonly name: string;
  /** As the package calls itself, where that is another name. */
  readonly realName?: string;
  readonly version: string;
  readonly control: readonly ControlMember[];
  readonly paths?: readonly string[];
}

/** `order`: as packages are installed. */
export function scriptRuns(order: readonly TransactionPackage[]): readonly ScriptRun[] {
  const rpm = order.find(({ name }) => name === "rpm")?.version;
  const taken = new Set<string>();
  const elements = order.map((one) => elementOf(one, taken));
  const there: Element[] = [];
  return [
    ...elements.flatMap((one) => own(one, "pretrans", FIRST)),
    ...elements.flatMap((one) => {
      const before = [...othersTriggers(one, there, "triggerprein"), ...ownTriggers(one, there, "triggerprein")];
      there.push(one);
      const context = { there, rpm };
      return [
        ...before,
        ...own(one, "pre", countOf(one, there)),
        ...fileTriggers(one, context, (priority) => priority >= EARLY),
        ...own(one, "post", countOf(one, there)),
        ...othersTriggers(one, there, "triggerin"),
        ...ownTriggers(one, there, "triggerin"),
        ...fileTriggers(one, context, (priority) => priority < EARLY),
      ];
    }),
    ...elements.flatMap((one) => own(one, "posttrans", countOf(one, there))),
    ...elements.flatMap((one) => transactionTriggers(one, { there, rpm })),
  ];
}

/** File triggers of this priority and above run before %post (rpm's TRIGGER_PRIORITY_BOUND). */
const EARLY = 10_000;

interface Element {
  /** What it is called in the image. */
  readonly key: string;
  /** What it calls itself. */
  readonly name: string;
  readonly header: Header;
  readonly scriptlets: readonly Scriptlet[];
  /** Absolute paths that are installed, in the header's order. */
  readonly files: readonly string[];
  /** Those of them that the package brings: what one before it has as well is there already. */
  readonly brought: readonly string[];
}

/** `taken`: what those before it have. */
function elementOf({ name, realName = name, control, paths = [] }: TransactionPackage, taken: Set<string>): Element {
  const { header } = headersOf(control, name);
  const there = new Set(paths);
  const isGhost = ({ flags }: RpmFile): boolean => (flags & fileFlag.ghost) !== 0;
  const all = filesOf(header, name).filter((one) => there.has(one.path) || isGhost(one));
  const files = all.map(({ path }) => path);
  const brought = files.filter((path) => !taken.has(path));
  // A ghost brings nothing.
  for (const one of all) if (!isGhost(one)) taken.add(one.path);
  return { key: name, name: realName, header, scriptlets: scriptletsOf(header), files, brought };
}

/** How many of a package's name are there once it is, where it is the only one. */
const FIRST = 1;

/** How many packages of its name are there: two where it is for two architectures. */
const countOf = ({ name }: Element, there: readonly Element[]): number =>
  there.filter((one) => one.name === name).length;

function runOf({ key, name, header }: Element, scriptlet: Scriptlet, words: readonly number[]): ScriptRun {
  return { package: key, query: `${name}.${header.text(tags.arch) ?? ""}`, scriptlet, arguments: words };
}

const own = (one: Element, kind: ScriptKind, count: number): readonly ScriptRun[] =>
  one.scriptlets.filter((each) => each.kind === kind).map((scriptlet) => runOf(one, scriptlet, [count]));

type PackageTriggerKind = "triggerprein" | "triggerin";

/** Triggers of packages that are there, which `source` sets off: of each the first that fits. */
function othersTriggers(source: Element, there: readonly Element[], kind: PackageTriggerKind): readonly ScriptRun[] {
  const count = countOf(source, there);
  return there.flatMap((one) => {
    const scriptlet = inHeaderOrder(one.scriptlets, kind).find(({ condition }) => isMet(condition, source))?.scriptlet;
    return scriptlet ? [runOf(one, scriptlet, [countOf(one, there), count])] : [];
  });
}

/** Triggers of `target` that packages set off which are there, each once. */
function ownTriggers(target: Element, there: readonly Element[], kind: PackageTriggerKind): readonly ScriptRun[] {
  const count = countOf(target, there);
  const fitting = inHeaderOrder(target.scriptlets, kind);
  const met = fitting.flatMap(({ condition: { name } }) =>
    there
      .filter((source) => source.name === name)
      .flatMap((source) => {
        const scriptlet = fitting.find(({ condition }) => isMet(condition, source))?.scriptlet;
        return scriptlet ? [{ scriptlet, others: countOf(source, there) }] : [];
      }),
  );
  const first = met.filter(({ scriptlet }, at) => met.findIndex((one) => one.scriptlet === scriptlet) === at);
  return first.map(({ scriptlet, others }) => runOf(target, scriptlet, [count, others]));
}

interface Trigger {
  readonly scriptlet: Scriptlet;
  readonly condition: TriggerCondition;
}

/** Conditions of one kind; the header has those of all triggers sorted by name. */
function inHeaderOrder(scriptlets: readonly Scriptlet[], kind: PackageTriggerKind): readonly Trigger[] {
  return scriptlets
    .filter((one) => one.kind === kind)
    .flatMap((scriptlet) => scriptlet.conditions.map((condition) => ({ scriptlet, condition })))
    .sort((a, b) => a.condition.place - b.condition.place);
}

/** Whether a package of the name provides its name in a version that the condition has. */
function isMet({ name, flags, version }: TriggerCondition, source: Element): boolean {
  if (source.name !== name) return false;
  const operator = operatorOf(flags);
  if (operator === undefined || version === "") return true;
  return providedAs(source).some((own) => {
    const has = operatorOf(own.flags);
    return has === undefined || overlap({ operator: has, version: own.version }, { operator, version });
  });
}

function providedAs({ name, header }: Element): readonly { readonly flags: number; readonly version: string }[] {
  const [flags, versions] = [header.numbers(tags.provideFlags), header.texts(tags.provideVersions)];
  const [epoch] = header.numbers(tags.epoch);
  const version = formatEvr(epoch, header.text(tags.version) ?? "", header.text(tags.release) ?? "");
  const provided = header
    .texts(tags.provideNames)
    .flatMap((one, at) => (one === name ? [{ flags: flags[at] ?? 0, version: versions[at] ?? "" }] : []));
  return [{ flags: sense.equal, version }, ...provided];
}

interface FileContext {
  readonly there: readonly Element[];
  /** The version of rpm that is installed. */
  readonly rpm: string | undefined;
}

/** First what this package's files set off in any package that is there, then what of its own triggers others' files do. */
function fileTriggers(
  source: Element,
  { there, rpm }: FileContext,
  isNow: (priority: number) => boolean,
): readonly ScriptRun[] {
  const ofAll = there.flatMap((target) => fileTriggersOf(target, "filetriggerin")).filter(isOfPriority);
  const ofOwn = fileTriggersOf(source, "filetriggerin").filter(isOfPriority);
  const others = there.filter((one) => one !== source).map(kept);
  return [
    ...ofAll.sort(byPriority).flatMap((one) => fileRun(one, [{ files: source.brought }], rpm)),
    // While a package is installed rpm does not count its own files here.
    ...ofOwn.sort(byPriority).flatMap((one) => fileRun(one, others, rpm)),
  ];

  function isOfPriority({ scriptlet }: FileTrigger): boolean {
    return isNow(scriptlet.priority);
  }
}

function transactionTriggers(target: Element, { there, rpm }: FileContext): readonly ScriptRun[] {
  return fileTriggersOf(target, "transfiletriggerin")
    .sort(byPriority)
    .flatMap((one) => fileRun(one, there.map(kept), rpm));
}

/** Files of a package: of one on its way those that it brings. */
interface FileSource {
  readonly files: readonly string[];
  /** rpm looks a package up in its database by the folders, with a `/` at the end, that it has files in. */
  readonly folders?: readonly string[];
}

const kept = ({ files, header }: Element): FileSource => ({ files, folders: header.texts(tags.dirNames) });

interface FileTrigger {
  readonly target: Element;
  readonly scriptlet: Scriptlet;
}

function fileTriggersOf(target: Element, kind: FileTriggerKind): FileTrigger[] {
  return target.scriptlets.filter((one) => one.kind === kind).map((scriptlet) => ({ target, scriptlet }));
}

/** The sort is stable: of one priority, packages come as they were installed and triggers as they stand in a header. */
const byPriority = (a: FileTrigger, b: FileTrigger): number => b.scriptlet.priority - a.scriptlet.priority;

function fileRun(
  { target, scriptlet }: FileTrigger,
  sources: readonly FileSource[],
  rpm: string | undefined,
): readonly ScriptRun[] {
  const files = scriptlet.conditions.flatMap(({ name: prefix }) =>
    sources
      .filter(({ folders }) => folders?.some((path) => path.startsWith(prefix)) ?? true)
      .flatMap((one) => one.files.filter((path) => path.startsWith(prefix))),
  );
  if (files.length === 0) return [];
  const version = rpm ?? target.header.text(tags.rpmVersion) ?? "";
  return [{ ...runOf(target, scriptlet, fileArguments(scriptlet.kind, version)), files }];
}

/** Since rpm 4.20 file triggers are told how many of both packages are there. */
function fileArguments(kind: ScriptKind, rpm: string): readonly number[] {
  const isBefore = (version: string): boolean => rpm !== "" && compareVersions(rpm, version) < 0;
  if (isBefore("4.15")) return [0, 0];
  if (isBefore("4.20")) return [0];
  return kind === "transfiletriggerin" ? [FIRST] : [FIRST, FIRST];
}
