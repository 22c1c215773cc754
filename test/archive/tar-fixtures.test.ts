// Other projects' odd and hostile archives: dodai lists each as Python's tarfile does, or refuses it for a reason that is
// written here.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { compressionOfName } from "../../src/archive/compression.ts";
import { decompressAll } from "../../src/archive/decompress.ts";
import { fixture, needs } from "../kit/oracle.ts";
import { listByPython, listOurs } from "./oracle.ts";

interface Exception {
  readonly file: string;
  readonly because: string;
  /** The code of the refusal; absent where dodai reads the archive, and otherwise than Python. */
  readonly refused?: string;
  /** What dodai lists up to its end or the refusal, when Python lists something else. */
  readonly lines?: readonly string[];
}

const emptyFile = "0 da39a3ee5e6b";

const suites: readonly { readonly folder: string; readonly exceptions: readonly Exception[] }[] = [
  {
    folder: "tar-rs",
    exceptions: [
      { file: "empty_filename.tar", because: "a name is empty", refused: "ARCHIVE_UNSAFE_PATH", lines: [] },
      { file: "sparse-large.tar", because: "12 GB of holes are a bomb", refused: "ARCHIVE_TOO_LARGE", lines: [] },
    ],
  },
  {
    folder: "tar-stream",
    exceptions: [
      { file: "incomplete.tar", because: "it is cut off", refused: "ARCHIVE_BROKEN" },
      {
        file: "gnu-incremental.tar",
        because: "GNU archives have times, no prefix, behind the device numbers; Python takes them for a folder",
        lines: ["file 0644 12345:67890 1559239869 test.txt 14 09fac8dbfd27"],
      },
    ],
  },
  {
    folder: "modern-tar",
    exceptions: [
      { file: "incomplete.tar", because: "it is cut off", refused: "ARCHIVE_BROKEN" },
      {
        file: "gnu-incremental.tar",
        because: "as in tar-stream",
        lines: ["file 0644 12345:67890 1559239869 test.txt 14 09fac8dbfd27"],
      },
    ],
  },
  {
    folder: "node-tar",
    exceptions: [
      { file: "bad-cksum.tar", because: "a checksum is wrong; Python stops there silently", refused: "ARCHIVE_BROKEN" },
      {
        file: "global-header.tar",
        because: "a global header names all files alike; Python obeys, others do not",
        refused: "ARCHIVE_BROKEN",
        lines: [],
      },
      {
        file: "excessively-deep.tar",
        because: "no path of Linux is that long",
        refused: "ARCHIVE_UNSAFE_PATH",
        lines: [],
      },
    ],
  },
  {
    folder: "libarchive",
    exceptions: [
      {
        file: "test_compat_tar_directory_1.tar.uu",
        because: "its directory claims to have bytes, and GNU tar loses the next entry over it",
        refused: "ARCHIVE_BROKEN",
        lines: [],
      },
      {
        file: "test_compat_solaris_pax_sparse_2.pax.Z.uu",
        because: "holes of Solaris are not read",
        refused: "ARCHIVE_BROKEN",
        lines: [],
      },
      {
        file: "test_compat_solaris_tar_acl.tar.uu",
        because: "access lists of Solaris are no files",
        lines: [
          `file 0644 1000:0 1240664175 file-with-posix-acls ${emptyFile}`,
          "directory 0750 1000:0 1484428460 dir-with-posix-acls",
          `file 0640 1000:0 1484429217 file-with-nfsv4-acls ${emptyFile}`,
          "directory 0750 0:0 1484429277 dir-with-nfsv4-acls",
        ],
      },
      {
        file: "test_read_format_gtar_sparse_1_17_posix10_modified.tar.uu",
        because: "its sparse map has comments, which only libarchive takes",
        refused: "ARCHIVE_BROKEN",
      },
      {
        file: "test_read_format_tar_empty_filename.tar.uu",
        because: "a name is empty",
        refused: "ARCHIVE_UNSAFE_PATH",
        lines: [],
      },
      {
        file: "test_read_format_tar_empty_pax.tar.Z.uu",
        because: "a PAX header has no entry",
        refused: "ARCHIVE_BROKEN",
      },
      {
        file: "test_read_format_tar_invalid_pax_size.tar.uu",
        because: "a PAX header is no PAX header",
        refused: "ARCHIVE_BROKEN",
      },
      {
        file: "test_read_format_tar_pax_large_attr.tar.Z.uu",
        because: "a PAX header is huge",
        refused: "ARCHIVE_TOO_LARGE",
        lines: [],
      },
    ],
  },
  {
    folder: "zip-slip",
    exceptions: [
      {
        file: "zip-slip.tar",
        because: 'a name climbs out with ".."',
        refused: "ARCHIVE_UNSAFE_PATH",
        lines: ["file 0644 502:20 1523819069 good.txt 19 2adc909aabac"],
      },
    ],
  },
];

for (const { folder, exceptions } of suites) {
  describe(`archives of ${folder}`, needs("python3", "gzip", fixture(`tar/${folder}`)), async () => {
    const files = listFiles(fixture(`tar/${folder}`));
    const archives = await Promise.all(files.map(readArchive));
    const exceptionOf = (path: string): Exception | undefined =>
      exceptions.find(({ file }) => path.endsWith(`/${file}`));
    // Python is not asked about what has an answer here: it would unfold the bombs.
    const asked = archives.map((one, index) => (exceptionOf(files[index] ?? "")?.lines ? new Uint8Array(0) : one));
    const theirs = listByPython(asked);
    for (const [index, path] of files.entries()) {
      const name = path.slice(path.lastIndexOf("/") + 1);
      const exception = exceptionOf(path);
      const python = (theirs[index] ?? []).filter((line) => !line.startsWith("!"));
      test(`${exception?.refused === undefined ? "reads" : "refuses"} ${name}${exception ? `: ${exception.because}` : ""}`, () => {
        const { lines, refused } = listOurs(archives[index] ?? new Uint8Array(0));
        assert.equal(refused, exception?.refused);
        assert.deepEqual(lines, exception?.lines ?? python);
      });
    }
  });
}

function listFiles(folder: string): readonly string[] {
  const inside = readdirSync(folder, { withFileTypes: true, recursive: true });
  return inside
    .filter((one) => one.isFile() && /\.(tar|tgz|tar\.\w+|pax\.Z|txz|tlz)(\.uu)?$/.test(one.name))
    .filter((one) => !/\.(lz4|lzo)\.uu$/.test(one.name))
    .map((one) => `${one.parentPath}/${one.name}`)
    .sort();
}

async function readArchive(path: string): Promise<Uint8Array> {
  const stored = readFileSync(path);
  const bytes = path.endsWith(".uu") ? uudecode(stored.toString("latin1")) : stored;
  const name = path
    .replace(/\.uu$/, "")
    .replace(/\.tgz$/, ".gz")
    .replace(/\.txz$/, ".xz")
    .replace(/\.tlz$/, ".lzma");
  if (name.endsWith(".Z"))
    return execFileSync("gzip", ["-dc"], { input: bytes, stdio: ["pipe", "pipe", "ignore"], maxBuffer: 1 << 28 });
  return decompressAll(bytes, { compression: compressionOfName(name), maxBytes: 1 << 28, what: name });
}

/** POSIX uuencode: a length and four characters for three bytes in each line between `begin` and `end`. */
function uudecode(text: string): Uint8Array {
  const lines = text.split("\n");
  const start = lines.findIndex((line) => line.startsWith("begin "));
  return Buffer.concat(
    lines.slice(start + 1, lines.indexOf("end")).map((line) => {
      const six = [...line].map((one) => (one.charCodeAt(0) - 32) & 63);
      const [length = 0, ...data] = six;
      const bits = data.map((one) => one.toString(2).padStart(6, "0")).join("");
      return Buffer.from(Array.from({ length }, (_, at) => Number.parseInt(bits.slice(at * 8, at * 8 + 8), 2)));
    }),
  );
}
