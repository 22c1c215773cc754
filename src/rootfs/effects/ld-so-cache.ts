// /etc/ld.so.cache as ldconfig(8) writes it, byte for byte: where each shared library lies, for the dynamic loader.
// Which files count and which of several wins: glibc elf/ldconfig.c. Subfolders of glibc-hwcaps are left out: they hold
// faster builds of libraries that are in the cache anyway.
import { compareBytes } from "../../core/byte-order.ts";
import type { GeneratedFile } from "../../packages/contract.ts";
import { nodeAt, resolvePath } from "../resolve.ts";
import type { Tree } from "../tree.ts";
import type { Effect, EffectContext, EffectResult } from "./contract.ts";
import { readSharedObject } from "./elf.ts";
import { type CacheEntry, type CacheFacts, compareLibraries, formatCache } from "./ld-so-cache-format.ts";
import { configuredFolders } from "./ld-so-conf.ts";

export const ldSoCache: Effect = {
  name: "ld.so.cache",
  summary: "writes /etc/ld.so.cache, which ldconfig makes",
  covers: [{ package: "libc-bin", scripts: ["postinst"] }],
  coversScript: (text) =>
    /^#!(?:\/usr)?\/sbin\/ldconfig\s*$|^#!\S+\n\s*(?:\/usr)?\/sbin\/ldconfig\s*(?:exit 0\s*)?$/.test(text),
  everyTime: true,
  apply,
};

function apply(context: EffectContext): EffectResult {
  const library = glibcOf(context);
  if (library === undefined) return { files: [], removed: [] };
  const byFolder = filesByFolder(context.tree);
  const found: FoundLibrary[] = [];
  for (const folder of searchedFolders(context, library)) {
    const place = resolvePath(context.tree, folder.slice(1), { last: true }) ?? "";
    found.push(...librariesIn({ folder, place, names: byFolder.get(place) ?? [] }, context));
  }
  if (found.length === 0) return { files: [], removed: [] };
  const entries = found.map(
    ({ folder, soname, flags, kernel }): CacheEntry => ({
      ...{ soname, path: `${folder}/${soname}`, flags },
      ...(library.isRpm ? { kernel } : {}),
    }),
  );
  const littleEndian = found.every((one) => one.littleEndian);
  const cache: GeneratedFile = {
    kind: "file",
    path: "etc/ld.so.cache",
    mode: 0o644,
    bytes: formatCache(entries, { ...library, littleEndian }),
  };
  return { files: [...found.flatMap((one) => missingLink(one, context.tree)), cache], removed: [] };
}

interface Library extends Pick<CacheFacts, "writer" | "release"> {
  /** Its folders are those of the word sizes, and before glibc 2.36 the cache says which kernel a library asks for. */
  readonly isRpm: boolean;
}

/** The C library whose loader reads the cache. Its package is `glibc` where the format is apk's or rpm's, and calls itself nothing else. */
function glibcOf({ packages, tree, distribution }: EffectContext): Library | undefined {
  const versionOf = (name: string): string | undefined => packages.find((one) => one.name === name)?.version;
  const version = versionOf("libc-bin") ?? versionOf("libc6") ?? versionOf("libc6.1");
  const isRpm = packages.some(({ name, control }) => name === "glibc" && control.some((one) => one.name === "header"));
  const other = tree.has(isRpm ? "usr/sbin/ldconfig" : "etc/ld.so.conf") ? versionOf("glibc") : undefined;
  const release = (version ?? other)?.replace(/^\d+:/, "").replace(/-[^-]*$/, "");
  if (release === undefined) return undefined;
  const writer = version === undefined ? "GNU libc" : `${vendorOf(distribution.name)} GLIBC ${version}`;
  return { writer, release, isRpm };
}

/** How who built the C library calls itself in it: `Debian`, `Ubuntu`. */
const vendorOf = (name: string): string => `${name.slice(0, 1).toUpperCase()}${name.slice(1)}`;

/** Debian's names of the folders that ldconfig searches without being told (multiarch triplets). */
const triplets: Readonly<Record<string, string>> = {
  "386": "i386-linux-gnu",
  amd64: "x86_64-linux-gnu",
  "arm/v5": "arm-linux-gnueabi",
  "arm/v7": "arm-linux-gnueabihf",
  arm64: "aarch64-linux-gnu",
  loong64: "loongarch64-linux-gnu",
  mips64le: "mips64el-linux-gnuabi64",
  ppc64le: "powerpc64le-linux-gnu",
  riscv64: "riscv64-linux-gnu",
  s390x: "s390x-linux-gnu",
};

/** Each folder once, by where it really is: the first name of it is the one in the cache. */
function searchedFolders(context: EffectContext, { isRpm }: Library): readonly string[] {
  const { architecture, variant } = context.platform;
  const triplet = triplets[variant === undefined ? architecture : `${architecture}/${variant}`];
  const usual = [
    ...(triplet ? [`/lib/${triplet}`, `/usr/lib/${triplet}`] : []),
    ...(isRpm ? ["/lib", "/lib64", "/usr/lib", "/usr/lib64"] : ["/lib", "/usr/lib"]),
  ];
  const seen = new Set<string>();
  return [...configuredFolders(context), ...usual].filter((folder) => {
    const place = resolvePath(context.tree, folder.slice(1), { last: true });
    if (place === undefined || context.tree.get(place)?.entry.kind !== "directory" || seen.has(place)) return false;
    seen.add(place);
    return true;
  });
}

function filesByFolder(tree: Tree): ReadonlyMap<string, readonly string[]> {
  const folders = new Map<string, string[]>();
  for (const [path, { entry }] of tree) {
    if (entry.kind === "directory") continue;
    const slash = path.lastIndexOf("/");
    const name = path.slice(slash + 1);
    if (!isLibraryName(name)) continue;
    const folder = path.slice(0, Math.max(0, slash));
    const names = folders.get(folder);
    if (names) names.push(name);
    else folders.set(folder, [name]);
  }
  return folders;
}

const isLibraryName = (name: string): boolean =>
  (name.startsWith("lib") || name.startsWith("ld-")) && name.includes(".so") && !/;|\.dpkg-(?:new|tmp)$/.test(name);

interface FoundLibrary {
  readonly folder: string;
  /** Where the folder is in the tree. */
  readonly place: string;
  readonly name: string;
  readonly soname: string;
  readonly flags: number;
  readonly isLink: boolean;
  readonly littleEndian: boolean;
  readonly kernel: number;
}

interface SearchedFolder {
  readonly folder: string;
  readonly place: string;
  readonly names: readonly string[];
}

/** One library for each SONAME: a file rather than a link, else the newer by its name. */
function librariesIn({ folder, place, names }: SearchedFolder, context: EffectContext): readonly FoundLibrary[] {
  const bySoname = new Map<string, FoundLibrary>();
  for (const name of [...names].sort(compareBytes)) {
    const found = readLibrary({ folder, place, name }, context);
    if (!found) continue;
    const before = bySoname.get(found.soname);
    const wins =
      !before ||
      (before.isLink && !found.isLink) ||
      (before.isLink === found.isLink && compareLibraries(before.name, name) < 0);
    if (wins) bySoname.set(found.soname, found);
  }
  return [...bySoname.values()];
}

function readLibrary(
  { folder, place, name }: { readonly folder: string; readonly place: string; readonly name: string },
  { tree, open }: EffectContext,
): FoundLibrary | undefined {
  const path = `${place}/${name}`;
  if (nodeAt(tree, path)?.entry.kind !== "file") return undefined;
  const object = readSharedObject(open(path));
  if (!object) return undefined;
  const soname = object.soname ?? name;
  const { flags, littleEndian, kernel } = object;
  // A link counts under its own name when that is the SONAME, or `libfoo.so` for compilers; else as the file it leads to.
  const isOwnName = name === soname || (name.endsWith(".so") && soname.startsWith(name));
  const isLink = tree.get(path)?.entry.kind === "symlink" && isOwnName;
  return { folder, place, name, soname: isLink ? name : soname, flags, isLink, littleEndian, kernel };
}

/** ldconfig links a library by its SONAME where its package does not. */
function missingLink({ place, name, soname, isLink }: FoundLibrary, tree: Tree): readonly GeneratedFile[] {
  const path = `${place}/${soname}`;
  return isLink || name === soname || tree.has(path) ? [] : [{ kind: "symlink", path, target: name }];
}
