import { apk } from "./apk/format.ts";
import type { PackageFormat } from "./contract.ts";
import { deb } from "./deb/format.ts";
import { rpm } from "./rpm/format.ts";

/** Every package format that dodai knows; a new one is a folder and a line here. */
export const formats: readonly PackageFormat[] = [deb, apk, rpm];
