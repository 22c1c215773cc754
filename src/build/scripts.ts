// What maintainer scripts do to the tree, in one of three ways: they run, dodai does natively what is known of them, or
// nothing is done. Whichever it was, each script is told of.
import { compareBytes } from "../core/byte-order.ts";
import { DodaiError } from "../core/dodai-error.ts";
import { unreachable } from "../core/unreachable.ts";
import type { InstalledPackage, RandomAccess } from "../packages/contract.ts";
import { addEntries, addFiles, type ChangedTree, removePaths } from "../rootfs/change.ts";
import type { Effect, EffectContext } from "../rootfs/effects/contract.ts";
import { effectNamed } from "../rootfs/effects/effects.ts";
import type { NormalizedPath, ScriptRecord, StepRecord } from "./contract.ts";
import type { Plan } from "./plan.ts";
import type { Segment } from "./segments.ts";
import type { Session } from "./session.ts";

export interface ScriptContext {
  readonly plan: Plan;
  readonly session: Session;
  /** Seconds since 1970. */
  readonly epoch: number;
  readonly installed: readonly InstalledPackage[];
  readonly scriptTimeoutSeconds: number;
  readonly read: (path: string) => Uint8Array;
  readonly open: (path: string) => RandomAccess;
  readonly segmentsOf: (tree: ChangedTree) => readonly Segment[];
}

export interface ScriptOutcome {
  readonly scripts: readonly ScriptRecord[];
  readonly normalized: readonly NormalizedPath[];
  readonly steps?: readonly StepRecord[];
}

/** Changes the tree. Throws SCRIPT_UNKNOWN, EFFECT_FAILED, and what running throws. */
export async function applyScripts(change: ChangedTree, context: ScriptContext): Promise<ScriptOutcome> {
  const { recipe } = context.plan;
  switch (recipe.scripts) {
    case "skip":
      return { scripts: told(context, new Map()), normalized: [] };
    case "emulate": {
      const scripts = told(context, applyEffects(change, context, "all"));
      assertKnown(context, scripts);
      return { scripts, normalized: [] };
    }
    case "run":
      return runScripts(change, context);
    default:
      return unreachable(recipe.scripts);
  }
}

async function runScripts(change: ChangedTree, context: ScriptContext): Promise<ScriptOutcome> {
  const { scriptEffectOf } = await import("./script-run.ts");
  const timeoutMs = context.scriptTimeoutSeconds * 1000;
  const { removed, entries, scripts, normalized } = await scriptEffectOf({ ...context, unpacked: change, timeoutMs });
  removePaths(change, new Set(removed));
  addEntries(change, entries);
  for (const { package: name, script, exitCode } of scripts) {
    if (exitCode === undefined) continue;
    const text = `${script} of "${name}" ended with exit code ${exitCode}; the package is installed all the same`;
    context.session.emit({ kind: "warning", text });
  }
  const { accounts, certificates } = context.plan.recipe;
  if (accounts.users.length > 0 || accounts.groups.length > 0 || certificates) applyEffects(change, context, "recipe");
  return { scripts, normalized };
}

type Done = ReadonlyMap<string, ScriptRecord>;

const keyOf = (one: { readonly package: string; readonly script: string }): string => `${one.package} ${one.script}`;

/** What the applied effects stand for. */
function applyEffects(change: ChangedTree, context: ScriptContext, which: "all" | "recipe"): Done {
  const { plan, epoch, installed, read, open } = context;
  const named = Map.groupBy(installed, realNameOf);
  const done = new Map<string, ScriptRecord>();
  const effectContext: EffectContext = {
    tree: change.tree,
    read,
    open,
    platform: plan.platform,
    distribution: { name: plan.distribution.name, release: plan.supply.release },
    users: [...plan.supply.users, ...plan.recipe.accounts.users],
    groups: [...plan.supply.groups, ...plan.recipe.accounts.groups],
    epoch,
    packages: packagesOf(context),
    ...(plan.recipe.certificates ? { certificates: plan.recipe.certificates } : {}),
  };
  for (const { name, always } of wantedEffects(plan)) {
    if (which === "recipe" && !recipeEffects.test(name)) continue;
    const effect = effectNamed(name);
    const here = effect.covers.flatMap((one) =>
      (named.get(one.package) ?? []).map(({ name: own }) => ({ ...one, package: own })),
    );
    if (!(plan.base ? isWantedOnBase({ effect, always, plan }) : always) && here.length === 0) continue;
    const { files, removed, covered = [], needless = [] } = effect.apply(effectContext);
    removePaths(change, new Set(removed));
    addFiles(change, files, epoch);
    const changed = [...files.map(({ path }) => path), ...removed].sort();
    for (const one of covered) done.set(keyOf(one), { changed, ...one, done: "native", effect: name });
    for (const one of needless) done.set(keyOf(one), { ...one, done: "not-needed", changed: [] });
    const alike = scriptsLike(effect, context);
    for (const one of [...here, ...alike]) {
      for (const script of one.scripts) {
        const record: ScriptRecord = { package: one.package, script, done: "native", effect: name, changed };
        done.set(keyOf(record), name === "nothing-to-do" ? { ...record, done: "not-needed" } : record);
      }
    }
  }
  return done;
}

/** What effects know a package by. */
const realNameOf = ({ name, realName = name }: InstalledPackage): string => realName;

/** Scripts that do nothing but what the effect does, by their text. */
function scriptsLike(
  { coversScript }: Pick<Effect, "coversScript">,
  { plan, installed }: ScriptContext,
): Effect["covers"] {
  if (!coversScript) return [];
  const isScript = scriptTest(plan);
  return installed.map(({ name, control }) => ({
    package: name,
    scripts: control
      .filter((member) => isScript(member.name) && coversScript(Buffer.from(member.bytes).toString("latin1")))
      .map((member) => member.name),
  }));
}

/** A package may have several triggers: the second `triggerin` is `triggerin-2`. */
function scriptTest({ distribution }: Plan): (member: string) => boolean {
  const names = new Set(distribution.format.scripts);
  return (member) => names.has(member.replace(/-\d+$/, ""));
}

/** Those of the image below have no scripts any more that anybody owes. */
function packagesOf({ plan, installed }: ScriptContext): EffectContext["packages"] {
  const names = new Set(installed.map(({ name }) => name));
  const below = (plan.base?.database?.packages ?? []).filter(({ name }) => !names.has(name));
  const own = installed.map(({ name, version, control, paths }) => {
    const facts = plan.distribution.format.factsOf?.(control);
    return { name, version, control, paths, ...(facts ? { provides: facts.provides } : {}) };
  });
  if (below.length === 0) return own;
  const all = [...own, ...below.map(({ name, version }) => ({ name, version, control: [] }))];
  return all.sort((a, b) => compareBytes(a.name, b.name));
}

interface OnBase {
  readonly effect: Effect;
  readonly always: boolean;
  readonly plan: Plan;
}

/** What was done below is not done again, but for what looks at all files, and what the recipe asks for. */
function isWantedOnBase({ effect: { name, everyTime, covers }, always, plan: { recipe } }: OnBase): boolean {
  const { users, groups } = recipe.accounts;
  if (name.startsWith("accounts")) return users.length + groups.length > 0;
  return everyTime === true || (always && covers.length === 0);
}

/** Effects of what the recipe itself says: scripts that run know nothing of it. */
const recipeEffects = /^(?:accounts|certificates)/;

/** Those of the variant, and what the recipe asks for that no variant has. */
function wantedEffects({ supply, recipe }: Plan): Plan["supply"]["effects"] {
  const has = supply.effects.some(({ name }) => name.startsWith("certificates"));
  return recipe.certificates && !has ? [...supply.effects, { name: "certificates", always: true }] : supply.effects;
}

/** Every script that the packages have, with what was done about it. */
function told({ plan, installed }: ScriptContext, done: Done): readonly ScriptRecord[] {
  const isScript = scriptTest(plan);
  return installed.flatMap(({ name, control }) =>
    control
      .filter((member) => isScript(member.name))
      .map((member): ScriptRecord => {
        const one = { package: name, script: member.name };
        return done.get(keyOf(one)) ?? { ...one, done: "skipped", changed: [] };
      }),
  );
}

const NAMED_AT_MOST = 10;

/** An image whose package manager is to work owes every script; hand-picked packages list what was left out instead. */
function assertKnown({ plan, installed }: ScriptContext, scripts: readonly ScriptRecord[]): void {
  const { recipe, supply, base, distribution } = plan;
  const hasManager = base?.database?.packages.some(({ name }) => name === "dpkg") ?? false;
  const isRpm = distribution.format.name === "rpm" && recipe.variant !== "empty";
  const hasRpm = isRpm && installed.some(({ name }) => name === "rpm");
  if (!supply.essential && !hasManager && !hasRpm) return;
  const allowed = new Set(recipe.allowUnknownScripts);
  const unknown = scripts.filter((one) => one.done === "skipped" && !allowed.has(one.package));
  if (unknown.length === 0) return;
  const names = unknown.slice(0, NAMED_AT_MOST).map((one) => `${one.script} of ${one.package}`);
  const more = unknown.length > NAMED_AT_MOST ? `, and ${unknown.length - NAMED_AT_MOST} more` : "";
  const packages = [...new Set(unknown.map((one) => one.package))].join(", ");
  throw new DodaiError(
    "SCRIPT_UNKNOWN",
    `Cannot emulate maintainer scripts: dodai does not know what ${names.join(", ")}${more} would do`,
    { fix: `Use "scripts: run", or name packages that work without: "allow-unknown-scripts: [${packages}]".` },
  );
}
