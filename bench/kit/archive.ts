// A folder that mirrors as much of Debian as is measured: signed releases and indexes as they are, and no packages. Programs
// that read indexes all read these, so that nobody waits for a network.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { mirrorSettings } from "../../src/build/mirror-settings.ts";
import { collect } from "../../src/core/bytes.ts";
import type { Digest } from "../../src/core/digest.ts";
import { officialMirrors } from "../../src/distros/debian/repositories.ts";
import { createHttpClient } from "../../src/io/http.ts";
import { createMirrors, type Mirrors } from "../../src/io/mirrors.ts";
import { openStore, type Store } from "../../src/io/store.ts";
import { parseRelease } from "../../src/packages/deb/release.ts";
import type { Workspace } from "./workspace.ts";

export interface LockedFile {
  readonly repository: string;
  readonly path: string;
  readonly digest: Digest;
  readonly sizeBytes: number;
}

export interface Archive {
  /** Root of the folder for the archive's suites; `debian-security` is beside it. */
  readonly folder: string;
  /** As Debian says it: `amd64`. */
  readonly architecture: string;
  /** Environment that makes dodai read here. */
  readonly env: Readonly<Record<string, string>>;
  /** Lines of sources.list(5) for a release with its updates and fixes, read here. */
  sources(release: string): readonly string[];
  /** The compressed indexes of a release with its updates and fixes. */
  indexFiles(release: string): readonly string[];
  /** Fetches indexes of a release with its updates and fixes. */
  mirrorIndexes(release: string): Promise<void>;
  /** Absolute paths of packages in a store that is shared by all cases, in the order given. */
  download(files: readonly LockedFile[]): Promise<readonly string[]>;
  close(): void;
}

const maxIndexBytes = 64 << 20;
const keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";
const debianWords: Readonly<Record<string, string>> = { x64: "amd64", ia32: "i386", arm: "armhf", ppc64: "ppc64el" };

interface Source {
  readonly suite: string;
  readonly kind: "archive" | "security";
}

const sourcesOf = (release: string): readonly Source[] => [
  { suite: release, kind: "archive" },
  { suite: `${release}-updates`, kind: "archive" },
  { suite: `${release}-security`, kind: "security" },
];

export async function openArchive(workspace: Workspace): Promise<Archive> {
  const named = await mirrorSettings("debian", { environment: process.env });
  const urls = {
    archive: named.archive ?? [officialMirrors.archive],
    security: named.security ?? [officialMirrors.security],
  };
  const folders = {
    archive: workspace.sub("mirror", "debian"),
    security: workspace.sub("mirror", "debian-security"),
  };
  const store: Store = await openStore(workspace.sub("downloads"));
  const http = createHttpClient({ userAgent: "dodai-bench", environment: process.env });
  const mirrors = createMirrors({ store, http, offline: false });
  const architecture = debianWords[process.arch] ?? process.arch;
  return {
    folder: folders.archive,
    architecture,
    env: { DODAI_MIRROR_DEBIAN: folders.archive, DODAI_MIRROR_DEBIAN_SECURITY: folders.security },
    sources: (release) =>
      sourcesOf(release).map(
        ({ suite, kind }) => `deb [target=Packages signed-by=${keyring}] file:${folders[kind]} ${suite} main`,
      ),
    indexFiles: (release) =>
      sourcesOf(release).flatMap(({ suite, kind }) =>
        [architecture, "all"]
          .map((one) => join(folders[kind], "dists", suite, `main/binary-${one}/Packages.xz`))
          .filter((path) => existsSync(path)),
      ),
    mirrorIndexes: async (release) => {
      for (const { suite, kind } of sourcesOf(release)) {
        const target = join(folders[kind], "dists", suite);
        await mirrorSuite(mirrors, { urls: urls[kind], suite, target, architecture });
      }
    },
    download: (files) =>
      Promise.all(
        files.map(({ repository, path, digest, sizeBytes }) => {
          const kind = repository.endsWith("-security") ? "security" : "archive";
          return mirrors.download(urls[kind], path, { digest, sizeBytes });
        }),
      ),
    close: () => http.close(),
  };
}

interface MirrorSuite {
  readonly urls: readonly string[];
  readonly suite: string;
  readonly target: string;
  readonly architecture: string;
}

async function mirrorSuite(mirrors: Mirrors, { urls, suite, target, architecture }: MirrorSuite): Promise<void> {
  if (existsSync(join(target, "InRelease"))) return;
  const read = async (path: string): Promise<Uint8Array> => {
    const bytes = await mirrors.fetch(urls, `dists/${suite}/${path}`, { maxBytes: maxIndexBytes });
    if (!bytes) throw new Error(`Cannot read ${path} of ${suite}: no mirror has it`);
    return collect(bytes, { maxBytes: maxIndexBytes, what: path });
  };
  const signed = await read("InRelease");
  const listed = [`main/binary-${architecture}/Packages.xz`];
  const all = "main/binary-all/Packages.xz";
  const release = parseRelease(textOf(signed), suite);
  if (release.separateAll && release.files.has(all)) listed.push(all);
  for (const path of listed) save(join(target, path), await read(path));
  save(join(target, "InRelease"), signed);
}

/** Without the armor; who reads the folder checks the signature. */
function textOf(signed: Uint8Array): string {
  return Buffer.from(signed)
    .toString()
    .replace(/^-----BEGIN PGP SIGNED MESSAGE-----\n(?:.+\n)*\n/, "")
    .replace(/-----BEGIN PGP SIGNATURE-----[\s\S]*$/, "");
}

function save(path: string, bytes: Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, bytes);
}

/** Packages that a lock names for this machine's platform, as plain JSON. */
export interface LockedPackage extends LockedFile {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
}

interface LockJson {
  readonly platforms: Readonly<
    Record<
      string,
      {
        readonly packages: readonly (Omit<LockedPackage, "digest" | "sizeBytes"> & {
          readonly sha256: Digest;
          readonly size: number;
        })[];
      }
    >
  >;
}

export function readLockedPackages(lockFile: string): readonly LockedPackage[] {
  const { platforms } = JSON.parse(readFileSync(lockFile, "utf8")) as LockJson;
  return Object.values(platforms).flatMap(({ packages }) =>
    packages.map(({ sha256, size, ...rest }) => ({ ...rest, digest: sha256, sizeBytes: size })),
  );
}
