import { almalinux } from "./almalinux/almalinux.ts";
import { centos } from "./centos/centos.ts";
import type { Distribution } from "./contract.ts";
import { debian } from "./debian/debian.ts";
import { fedora } from "./fedora/fedora.ts";
import { rockylinux } from "./rockylinux/rockylinux.ts";

/** Every distribution that dodai knows; a new one is a folder and a line here. */
export const distributions: readonly Distribution[] = [debian, centos, fedora, rockylinux, almalinux];
