// An effect is what maintainer scripts would have done to a tree, done natively. One file an effect.

import type { Platform } from "../../core/platform.ts";
import type { RecipeCertificates, RecipeGroup, RecipeUser } from "../../core/recipe.ts";
import type { ControlMember, GeneratedFile, RandomAccess } from "../../packages/contract.ts";
import type { Tree } from "../tree.ts";

export interface EffectContext {
  /** The tree as packages, the variant's files and earlier effects left it. */
  readonly tree: Tree;
  /** Content of a file of the tree, links followed inside the tree. Throws EFFECT_FAILED when it is not there. */
  read(path: string): Uint8Array;
  /** The same for who needs little of it. */
  open(path: string): RandomAccess;
  readonly platform: Platform;
  /** `debian`, and `trixie`, for what differs between releases. */
  readonly distribution: { readonly name: string; readonly release: string };
  readonly users: readonly RecipeUser[];
  readonly groups: readonly RecipeGroup[];
  /** Seconds since 1970: the build's one time. */
  readonly epoch: number;
  /** Every package that is in the image, sorted by name, with its scripts. */
  readonly packages: readonly {
    readonly name: string;
    readonly version: string;
    readonly control: readonly ControlMember[];
    /** Names that it provides, where its format tells. */
    readonly provides?: readonly string[];
    /** Absolute paths that it holds in the image, where scripts are told of them. */
    readonly paths?: readonly string[];
  }[];
  /** The recipe's. */
  readonly certificates?: RecipeCertificates;
}

export interface EffectResult {
  /** Files made or changed; a path that a package holds replaces the package's file. */
  readonly files: readonly GeneratedFile[];
  /** Paths of the tree that go away. */
  readonly removed: readonly string[];
  /** Scripts whose work was done, beside those that the effect always covers; `changed` when it is known of each. */
  readonly covered?: readonly {
    readonly package: string;
    readonly script: string;
    readonly changed?: readonly string[];
  }[];
  /** Scripts that nothing set off. */
  readonly needless?: readonly { readonly package: string; readonly script: string }[];
}

export interface Effect {
  /** What plans and ledgers call it: `ld.so.cache`. */
  readonly name: string;
  /** One line for people: what is done instead of what. */
  readonly summary: string;
  /** The scripts whose work this is, whole: `{package: "libc-bin", scripts: ["postinst"]}`. */
  readonly covers: readonly { readonly package: string; readonly scripts: readonly string[] }[];
  /** Whether a script, whole, does nothing else, whichever package has it: rpm's `%post -p /sbin/ldconfig`. */
  coversScript?(text: string): boolean;
  /** It has work whenever files come to an image, whichever packages bring them: what triggers do. */
  readonly everyTime?: true;
  apply(context: EffectContext): EffectResult;
}
