// comps.xml: groups of packages, and environments of groups, that people ask for by one word (`@core`).
import type { Bytes } from "../../core/bytes.ts";
import type { PackageGroup } from "../contract.ts";
import { type Attributes, readXml } from "./xml.ts";

type Draft = {
  -readonly [Key in keyof PackageGroup]: PackageGroup[Key] extends readonly (infer Item)[] ? Item[] : PackageGroup[Key];
};

/** Groups and environments. Throws INDEX_SYNTAX. */
export async function readComps(
  bytes: Bytes,
  options: { readonly what: string; readonly maxBytes: number },
): Promise<readonly PackageGroup[]> {
  const groups: PackageGroup[] = [];
  let draft: Draft | undefined;
  let attributes: Attributes = {};
  let isOption = false;
  await readXml(
    bytes,
    {
      open(name, found) {
        attributes = found;
        if (name === "group" || name === "environment") draft = startDraft();
        if (name === "optionlist") isOption = true;
      },
      close(name, text) {
        if (name === "optionlist") isOption = false;
        if (!draft) return;
        if (name === "group" || name === "environment") {
          groups.push(draft);
          draft = undefined;
        } else if (name === "id") draft.id = text.trim();
        else if (name === "packagereq") addPackage(draft, text.trim(), attributes);
        // Options of an environment do not come with it, whatever their default: as dnf has it.
        else if (name === "groupid" && !isOption) draft.groups.push(text.trim());
      },
    },
    options,
  );
  return groups;
}

const startDraft = (): Draft => ({ id: "", packages: [], optional: [], conditional: [], groups: [] });

function addPackage(draft: Draft, name: string, { type = "mandatory", requires }: Attributes): void {
  if (type === "optional") draft.optional.push(name);
  else if (type === "conditional" && requires !== undefined) draft.conditional.push({ name, requires });
  else draft.packages.push(name);
}
