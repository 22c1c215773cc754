import { almalinux } from "./almalinux/almalinux.ts";
import { alpine } from "./alpine/alpine.ts";
import { amazonlinux } from "./amazonlinux/amazonlinux.ts";
import { apko } from "./apko/apko.ts";
import { centos } from "./centos/centos.ts";
import type { Distribution } from "./contract.ts";
import { debian } from "./debian/debian.ts";
import { fedora } from "./fedora/fedora.ts";
import { opensuse } from "./opensuse/opensuse.ts";
import { rockylinux } from "./rockylinux/rockylinux.ts";
import { scratch } from "./scratch/scratch.ts";
import { ubuntu } from "./ubuntu/ubuntu.ts";
import { wolfi } from "./wolfi/wolfi.ts";

/** Every distribution that dodai knows; a new one is a folder and a line here. */
export const distributions: readonly Distribution[] = [
  almalinux,
  alpine,
  amazonlinux,
  apko,
  centos,
  debian,
  fedora,
  opensuse,
  rockylinux,
  ubuntu,
  wolfi,
  scratch,
];
