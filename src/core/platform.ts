import { DodaiError } from "./dodai-error.ts";

/** An OCI platform (image-spec, image-index.md, "platform"): `linux/amd64`, `linux/arm/v7`. */
export interface Platform {
  readonly os: "linux";
  readonly architecture: string;
  readonly variant?: string;
}

const known = [
  "386",
  "amd64",
  "arm/v5",
  "arm/v6",
  "arm/v7",
  "arm64",
  "loong64",
  "mips64le",
  "ppc64le",
  "riscv64",
  "s390x",
];

/** Other names by which people call an architecture; what Debian, Alpine and `uname -m` say. */
const synonyms: Readonly<Record<string, string>> = {
  "arm64/v8": "arm64",
  aarch64: "arm64",
  arm: "arm/v7",
  armel: "arm/v5",
  armhf: "arm/v7",
  armv7: "arm/v7",
  i386: "386",
  i686: "386",
  loongarch64: "loong64",
  ppc64el: "ppc64le",
  x86: "386",
  x86_64: "amd64",
};

/** Reads `linux/amd64`, `amd64`, `arm64/v8`, `armhf` ... Throws PLATFORM_SYNTAX. */
export function parsePlatform(text: string): Platform {
  const short = text.startsWith("linux/") ? text.slice("linux/".length) : text;
  const name = synonyms[short] ?? short;
  if (!known.includes(name)) {
    throw new DodaiError("PLATFORM_SYNTAX", `Cannot read platform "${text}": it is not a known Linux platform`, {
      fix: `Known are ${known.map((one) => `linux/${one}`).join(", ")}.`,
    });
  }
  const [architecture = "", variant] = name.split("/");
  return variant === undefined ? { os: "linux", architecture } : { os: "linux", architecture, variant };
}

/** The form that `parsePlatform` reads: `linux/arm/v7`. */
export function formatPlatform({ os, architecture, variant }: Platform): string {
  return variant === undefined ? `${os}/${architecture}` : `${os}/${architecture}/${variant}`;
}

/** The kernel's word for a platform, as `uname -m` tells it: `x86_64`, `armv7l`. */
export function machineOf({ architecture, variant }: Platform): string {
  if (architecture === "arm") return variant === "v5" ? "armv5tel" : `arm${variant ?? "v7"}l`;
  return machines[architecture] ?? architecture;
}

const machines: Readonly<Record<string, string>> = {
  "386": "i686",
  amd64: "x86_64",
  arm64: "aarch64",
  loong64: "loongarch64",
  mips64le: "mips64",
};

/** The platform that a Node process runs on (`process.arch`), as the default of a build. */
export function platformOfHost(nodeArch: string): Platform {
  const names: Readonly<Record<string, string>> = { x64: "amd64", ia32: "386", arm: "arm/v7", ppc64: "ppc64le" };
  return parsePlatform(names[nodeArch] ?? nodeArch);
}
