import type { Target } from "./contract.ts";
import { apkTargets } from "./targets-apk.ts";
import { archiveTargets } from "./targets-archive.ts";
import { debTargets } from "./targets-deb.ts";
import { dockerfileTargets } from "./targets-dockerfile.ts";
import { effectTargets } from "./targets-effects.ts";
import { imageTargets } from "./targets-image.ts";
import { kickstartTargets } from "./targets-kickstart.ts";
import { openpgpTargets } from "./targets-openpgp.ts";
import { rpmTargets } from "./targets-rpm.ts";
import { valueTargets } from "./targets-values.ts";

export const targets: readonly Target[] = [
  ...archiveTargets,
  ...apkTargets,
  ...debTargets,
  ...openpgpTargets,
  ...rpmTargets,
  ...valueTargets,
  ...dockerfileTargets,
  ...kickstartTargets,
  ...effectTargets,
  ...imageTargets,
];
