// Ubuntu's variants: Debian's without `distroless`, with what Ubuntu's images have beside; and `minimized`, which these are.
import type { Recipe } from "../../core/recipe.ts";
import { full, slim, type Variant, variants } from "../debian/variants.ts";

/** With it systemd-detect-virt(1) and the scripts that ask it know that they are in a container. */
const containerFiles: Recipe["files"] = [
  { kind: "file", path: "run/systemd/container", mode: 0o644, uid: 0, gid: 0, content: "docker\n" },
];

/** As dpkg writes patterns (dpkg.cfg(5)). */
const excluded: readonly string[] = ["/usr/share/man/*", "/usr/share/locale/*/LC_MESSAGES/*.mo", "/usr/share/doc/*"];
const included: readonly string[] = ["/usr/share/doc/*/copyright", "/usr/share/doc/*/changelog.*"];

const excludesLines: readonly string[] = [
  "# This image is minimized: manuals, translations and documentation are left out, and dpkg",
  "# leaves them out of packages that are installed later; copyright and changelogs stay.",
  ...excluded.map((pattern) => `path-exclude=${pattern}`),
  ...included.map((pattern) => `path-include=${pattern}`),
];

const excludesFiles: Recipe["files"] = [
  {
    kind: "file",
    path: "etc/dpkg/dpkg.cfg.d/excludes",
    mode: 0o644,
    uid: 0,
    gid: 0,
    content: excludesLines.map((line) => `${line}\n`).join(""),
  },
];

const anyDepth = (pattern: string): string => pattern.replaceAll("*", "**");

const inContainer = (variant: Variant): Variant => ({ ...variant, files: [...variant.files, ...containerFiles] });

const minimized: Variant = {
  ...inContainer(full),
  files: [...inContainer(full).files, ...excludesFiles],
  excluded: { paths: excluded.map(anyDepth), kept: included.map(anyDepth), folders: [] },
};

export const ubuntuVariants: ReadonlyMap<string, Variant> = new Map([
  ...[...variants].filter(([name]) => name !== "distroless"),
  ["full", inContainer(full)],
  ["minimized", minimized],
  ["slim", inContainer(slim)],
]);
