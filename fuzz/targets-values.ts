// Texts that people and dodai itself write: names, recipes, locks, descriptions of pieces, credentials, sources.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { noXattrs } from "../src/archive/entry.ts";
import { formatLock, parseLock } from "../src/build/lock-file.ts";
import { formatImageName, formatShortImageName, parseImageName } from "../src/core/image-name.ts";
import { parseRecipeText } from "../src/frontends/native/load.ts";
import { formatPiece, parsePiece } from "../src/image/piece-file.ts";
import { readHostMirrors } from "../src/io/apt-sources.ts";
import { parseNetrc } from "../src/io/netrc.ts";
import { parseChallenge } from "../src/io/registry-challenge.ts";
import { assertInside, assertSame, Fault, type Target } from "./contract.ts";
import { fixtures } from "./corpus.ts";
import { mutateJson, mutateStanzas } from "./mutate-text.ts";

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("utf8");
const buffers = (...texts: readonly string[]): readonly Uint8Array[] => texts.map((text) => Buffer.from(text));

const digest = `sha256:${"ab".repeat(32)}`;

const imageName: Target = {
  name: "image-name",
  codes: ["IMAGE_NAME_SYNTAX"],
  open: () => ({
    corpus: buffers(
      "debian:trixie",
      `registry.example:5000/team/app:1.2@${digest}`,
      "localhost/a__b/c-d",
      "[::1]:80/x",
    ),
    words: ["/", ":", "@", "library/", "docker.io/", "__", "--", ".", digest, "A"],
    run(input) {
      const name = parseImageName(textOf(input));
      assertSame(parseImageName(formatImageName(name)), name, "an image name, read and written and read again,");
      assertSame(parseImageName(formatShortImageName(name)), name, "a short image name, read again,");
      assertInside(name.repository, "repository of an image name");
    },
  }),
};

const challenge: Target = {
  name: "registry-challenge",
  codes: [],
  open: () => ({
    corpus: buffers(
      'Bearer realm="https://auth.example/token",service="registry.example",scope="repository:a/b:pull,push"',
      'Basic realm="a, b", Bearer realm=https://x, error="invalid_token"',
      String.raw`Bearer realm="a\\\"b"`,
    ),
    words: ["Bearer ", "Basic", "realm=", '"', ",", "=", "\\", " "],
    run(input) {
      const found = parseChallenge(textOf(input));
      if (found?.kind === "bearer" && typeof found.realm !== "string") throw new Fault("a challenge without a realm");
    },
  }),
};

const recipe: Target = {
  name: "recipe",
  codes: ["RECIPE_SYNTAX"],
  open: () => ({
    corpus: buffers(
      'distro: debian:trixie\nvariant: minbase\npackages: [ca-certificates, "openssl>=3.5", "!perl"]\n',
      "extends: ./base.yaml\naccounts: {users: [{name: app, uid: 65532}], run-as: app}\nremove: [/usr/share/doc/**]\n",
      'files:\n  - path: /etc/motd\n    content: "hi"\n    mode: "0644"\n  - {path: /x, directory: true}\n',
      'config: {entrypoint: [/a], env: {PATH: /bin}, ports: ["80/tcp"], stop-signal: SIGTERM}\nlayers: {strategy: grouped, max: 4}\n',
      "a: &a [1, 2]\nb: *a\nc: !!str x\nd: |\n  block\ne: >-\n  folded\n? complex\n: value\n",
      'repositories:\n  - {url: "https://packages.example/debian", suites: [trixie], components: [main], keys: [./k.asc]}\n',
    ),
    mutate: (input, random) =>
      mutateStanzas(input, random, [
        "packages",
        "distro",
        "files",
        "[",
        "{",
        "- ",
        "? ",
        "&a",
        "*a",
        "<<",
        "!!map",
        "%YAML 1.1",
      ]),
    words: [
      "[",
      "]",
      "{",
      "}",
      "- ",
      "? ",
      ": ",
      "&a ",
      "*a",
      "|\n",
      "---\n",
      "...\n",
      "!!binary ",
      "\t",
      "  ",
      "<<: ",
    ],
    run(input) {
      parseRecipeText({ text: textOf(input), file: "fuzz.yaml" });
    },
  }),
};

const lock: Target = {
  name: "lock",
  codes: ["LOCK_SYNTAX"],
  open: () => ({
    corpus: [Buffer.from(madeLock())],
    mutate: mutateJson,
    run(input) {
      const read = parseLock(textOf(input), "fuzz.lock");
      const again = parseLock(formatLock(read), "fuzz.lock");
      assertSame(formatLock(again), formatLock(read), "a lock, read and written and read again,");
      for (const { packages } of read.platforms) {
        for (const { path, name } of packages) {
          assertInside(path, "path of a locked package");
          assertInside(name, "name of a locked package");
          if (name.includes("/")) throw new Fault(`a locked package's name has a slash: ${name}`);
        }
      }
    },
  }),
};

function madeLock(): string {
  const source = { source: "a", sourceVersion: "1", repository: "debian/trixie" };
  const parts = {
    schemaVersion: 1,
    recipe: digest,
    platforms: {
      "linux/amd64": {
        repositories: [
          {
            name: "debian/trixie",
            suite: "trixie",
            components: ["main"],
            signedBy: ["AB"],
            release: { path: "dists/trixie/InRelease", sha256: digest, date: "2026-11-21T09:15:44Z" },
            indexes: [{ path: "main/binary-amd64/Packages.xz", sha256: digest, size: 10 }],
          },
        ],
        packages: [
          { name: "a", version: "1", architecture: "amd64", ...source, path: "pool/a.deb", size: 1, sha256: digest },
        ],
        skippedScripts: ["a.postinst"],
      },
    },
  };
  return JSON.stringify(parts);
}

const piece: Target = {
  name: "piece",
  codes: ["CACHE_BROKEN"],
  open: () => ({
    corpus: [Buffer.from(madePiece())],
    mutate: mutateJson,
    run(input) {
      const read = parsePiece("key", textOf(input));
      for (const { entry } of read.entries) assertInside(entry.path, "path of a piece's entry");
      for (const path of read.paths) if (typeof path !== "string") throw new Fault("a path that is no text");
      if (!Number.isSafeInteger(read.recordsBytes)) throw new Fault("a size of records that is no whole number");
      const again = parsePiece("key", formatPiece(read));
      const plain = (one: typeof read): unknown => ({ ...one, md5: [...one.md5], sha1: [...one.sha1] });
      assertSame(plain(again), plain(read), "a piece, read and written and read again,");
    },
  }),
};

function madePiece(): string {
  const common = { mode: 0o644, uid: 0, gid: 0, mtime: 5, xattrs: noXattrs };
  const place = { recordOffset: 0, recordBytes: 1024, bodyOffset: 512 };
  return formatPiece({
    key: "key",
    entries: [
      { entry: { ...common, kind: "directory", path: "usr" }, ...place, recordBytes: 0 },
      { entry: { ...common, kind: "file", path: "usr/a", sizeBytes: 4 }, ...place },
      { entry: { ...common, kind: "symlink", path: "usr/b", target: "a" }, ...place },
      { entry: { ...common, kind: "character-device", path: "usr/c", major: 1, minor: 3 }, ...place },
      {
        entry: { ...common, kind: "file", path: "usr/d", sizeBytes: 4, xattrs: new Map([["user.x", Buffer.of(1)]]) },
        ...place,
      },
    ],
    recordsBytes: 4096,
    control: [{ name: "control", mode: 0o644, bytes: Buffer.from("Package: a\n") }],
    paths: ["/.", "/usr", "/usr/a"],
    sha1: new Map([["usr/a", "0".repeat(40)]]),
    md5: new Map([["/usr/a", "0".repeat(32)]]),
  });
}

const netrc: Target = {
  name: "netrc",
  codes: ["USAGE"],
  open: () => ({
    corpus: buffers(
      "machine example.org login a password b\n",
      "# x\nmachine https://example.org:8443/debian/ login a\n  password b\ndefault login anonymous\nmacdef init\n ls\n\n",
    ),
    words: ["machine ", "default ", "login ", "password ", "account ", "macdef ", "#", "[::1]", "://", "/"],
    run(input) {
      const found = parseNetrc(textOf(input), "netrc");
      for (const url of ["https://example.org/debian/x", "http://[::1]:80/"]) found.credentialsFor(new URL(url));
    },
  }),
};

const aptSources: Target = {
  name: "apt-sources",
  codes: [],
  open: () => {
    const root = mkdtempSync(join(tmpdir(), "dodai-fuzz-"));
    const folder = join(root, "etc/apt/sources.list.d");
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(root, "etc/os-release"), "ID=debian\n");
    return {
      corpus: [
        ...buffers(
          "deb [signed-by=/x] http://mirror.example/debian trixie main\ndeb http://security.example/ trixie/updates main\n",
          "Types: deb\nURIs: http://mirror.example/debian/\nSuites: trixie trixie-updates\nComponents: main\n",
        ),
        ...fixtures("**/*.sources", 4),
      ],
      mutate: (input, random) =>
        mutateStanzas(input, random, ["Types", "URIs", "deb", "http://x/debian", "Enabled: no"]),
      words: ["deb ", "[", "] ", "http://", "URIs: ", "\n\n"],
      async run(input) {
        for (const ending of ["list", "sources"]) writeFileSync(join(folder, `fuzz.${ending}`), input);
        const { archive = [], security = [] } = await readHostMirrors(root, "debian");
        for (const uri of [...archive, ...security]) if (URL.parse(uri) === null) throw new Fault(`"${uri}" is no URL`);
      },
      close: () => rmSync(root, { recursive: true, force: true }),
    };
  },
};

export const valueTargets: readonly Target[] = [imageName, challenge, recipe, lock, piece, netrc, aptSources];
