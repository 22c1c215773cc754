import { alpine } from "./alpine/alpine.ts";
import { apko } from "./apko/apko.ts";
import type { Distribution } from "./contract.ts";
import { debian } from "./debian/debian.ts";
import { scratch } from "./scratch/scratch.ts";
import { ubuntu } from "./ubuntu/ubuntu.ts";
import { wolfi } from "./wolfi/wolfi.ts";

/** Every distribution that dodai knows; a new one is a folder and a line here. */
export const distributions: readonly Distribution[] = [alpine, apko, debian, ubuntu, wolfi, scratch];
