import { accounts } from "./accounts.ts";
import { accountsApko } from "./accounts-apko.ts";
import { alternatives } from "./alternatives.ts";
import { apkFolder } from "./apk-folder.ts";
import { apkScripts } from "./apk-scripts.ts";
import { baseFiles } from "./base-files.ts";
import { busyboxFolder } from "./busybox-folder.ts";
import { busyboxLinks } from "./busybox-links.ts";
import { caCertificates } from "./ca-certificates.ts";
import { caCertificatesAlpine } from "./ca-certificates-alpine.ts";
import { certificates, certificatesApko } from "./certificates.ts";
import type { Effect } from "./contract.ts";
import { debconf } from "./debconf.ts";
import { diversions } from "./diversions.ts";
import { dpkgState } from "./dpkg-state.ts";
import { initScripts } from "./init-scripts.ts";
import { ldSoCache } from "./ld-so-cache.ts";
import { localtime } from "./localtime.ts";
import { netbase } from "./netbase.ts";
import { nothingToDo } from "./nothing-to-do.ts";
import { nsswitch } from "./nsswitch.ts";
import { osReleaseDistroless } from "./os-release-distroless.ts";
import { pamModules } from "./pam-modules.ts";
import { pamProfiles } from "./pam-profiles.ts";
import { rpmScripts } from "./rpm-scripts.ts";
import { shadow } from "./shadow.ts";
import { shells } from "./shells.ts";
import { subordinateIds } from "./subordinate-ids.ts";
import { systemdUnits } from "./systemd-units.ts";

/** Every effect that dodai knows; a new one is a file and a line here. */
export const effects: readonly Effect[] = [
  accounts,
  accountsApko,
  alternatives,
  apkFolder,
  apkScripts,
  baseFiles,
  busyboxFolder,
  busyboxLinks,
  caCertificates,
  caCertificatesAlpine,
  certificates,
  certificatesApko,
  debconf,
  diversions,
  dpkgState,
  initScripts,
  ldSoCache,
  localtime,
  netbase,
  nothingToDo,
  nsswitch,
  osReleaseDistroless,
  pamModules,
  pamProfiles,
  rpmScripts,
  shadow,
  shells,
  subordinateIds,
  systemdUnits,
];

/** An unknown name is a mistake of a distribution's folder. */
export function effectNamed(name: string): Effect {
  const found = effects.find((one) => one.name === name);
  if (!found) throw new Error(`There is no effect "${name}"`);
  return found;
}
