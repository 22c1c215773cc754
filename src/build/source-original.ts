import type { OriginalRoot } from "../image/bundle.ts";
import { readFileStream } from "../io/store.ts";
import type { LockedPlatform } from "./lock-file.ts";
import type { Plan } from "./plan.ts";
import type { Session } from "./session.ts";
import { sourceFile, sourcePackage } from "./source-package.ts";

/** The published tarball that an image is made from, where neither recipe nor variant changes a file of it. */
export async function originalOf(
  { source: locked }: Pick<LockedPlatform, "source">,
  plan: Plan,
  session: Session,
): Promise<OriginalRoot | undefined> {
  const { source } = plan;
  if (!locked || source?.kind !== "published" || plan.recipe.base || changesFiles(plan)) return undefined;
  const { digest, sizeBytes, serial = "" } = locked;
  const one = sourcePackage(locked, plan);
  const { roots, path } = sourceFile(source, one);
  const found = await (await session.mirrors()).download(roots, path, { digest, sizeBytes });
  return {
    digest,
    sizeBytes,
    open: () => readFileStream(found),
    fileName: one.name,
    architecture: source.published.architecture,
    version: serial,
  };
}

function changesFiles({ recipe, supply }: Plan): boolean {
  const { accounts } = recipe;
  const changes = [recipe.files, recipe.remove, accounts.users, accounts.groups];
  const implied = [supply.files, supply.users, supply.groups, supply.excluded.paths, supply.excluded.folders];
  return [...changes, ...implied].some((list) => list.length > 0);
}
