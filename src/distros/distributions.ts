import type { Distribution } from "./contract.ts";
import { debian } from "./debian/debian.ts";

/** Every distribution that dodai knows; a new one is a folder and a line here. */
export const distributions: readonly Distribution[] = [debian];
