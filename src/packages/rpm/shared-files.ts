// What packages say of single files: which two of them may both have, and which an image can do without.
import type { ControlMember, FileMeeting, FileOwner, FileWishes } from "../contract.ts";
import { FILE_TYPE, filesOf, fileType, isNarrow, isPreferred, type RpmFile } from "./files.ts";
import { headersOf } from "./installed.ts";
import { fileFlag } from "./tags.ts";

function filesByPath(control: readonly ControlMember[]): ReadonlyMap<string, RpmFile> {
  const files = filesOf(headersOf(control, "a package").header, "a package");
  return new Map(files.map((file) => [file.path, file]));
}

/** One name for two architectures: programs of both word sizes at one path are no conflict, and the better one is there (rpm's handleColorConflict). */
export function meeting(
  control: readonly ControlMember[],
  other: readonly ControlMember[],
): (path: string) => FileMeeting {
  const [ours, theirs] = [filesByPath(control), filesByPath(other)];
  return (path) => {
    const [a, b] = [ours.get(path), theirs.get(path)];
    if (a === undefined || b === undefined) return "apart";
    if (isSame(a, b)) return "same";
    if (isPreferred(a) && isNarrow(b)) return "over";
    return isNarrow(a) && isPreferred(b) ? "under" : "apart";
  };
}

/** Files with the same content, owners and permissions are no conflict (rpm's rpmfilesCompare). */
function isSame(a: RpmFile, b: RpmFile): boolean {
  if (a.mode !== b.mode || a.user !== b.user || a.group !== b.group) return false;
  const type = a.mode & FILE_TYPE;
  if (type === fileType.symlink) return a.target === b.target;
  return (
    type === fileType.directory || (type === fileType.file && a.digest === b.digest && a.sizeBytes === b.sizeBytes)
  );
}

/** Files that are not root's. */
export function owners(control: readonly ControlMember[]): readonly FileOwner[] {
  return [...filesByPath(control).values()].filter(({ user, group }) => user !== "root" || group !== "root");
}

/** rpm's `--excludedocs` and `%_install_langs`: documentation, and files that are in other languages. */
export function unwanted(
  control: readonly ControlMember[],
  { documentation, languages }: FileWishes,
): readonly string[] {
  return [...filesByPath(control).values()]
    .filter(({ flags, languages: own }) => {
      if (!documentation && (flags & fileFlag.doc) !== 0) return true;
      return languages !== undefined && own !== "" && !own.split("|").some((one) => isWanted(one, languages));
    })
    .map(({ path }) => path);
}

/** `en_US` is wanted where `en` is, as rpm's skipInstallFiles compares. */
function isWanted(language: string, wanted: readonly string[]): boolean {
  return wanted.some(
    (one) => one === "all" || language === one || language.startsWith(`${one}_`) || one.startsWith(`${language}_`),
  );
}
