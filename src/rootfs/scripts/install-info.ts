// install-info(1) of texinfo where manuals are left out, as they are in most images: it makes the folder's directory of manuals
// before it sees that its manual is not there, and fails.
import type { Call } from "./shell.ts";
import { notUnderstood } from "./syntax.ts";
import { optionsOf } from "./words.ts";

const emptyDirectory = `This is the file .../info/dir, which contains the
topmost node of the Info hierarchy, called (dir)Top.
The first time you invoke Info you start off looking at this node.
\x1f
File: dir,\tNode: Top\tThis is the top of the INFO tree

  This (the Directory node) gives a menu of major topics.
  Typing "q" exits, "?" lists all Info commands, "d" returns here,
  "h" gives a primer for first-timers,
  "mEmacs<Return>" visits the Emacs manual, etc.

  In Emacs, you can click mouse button 2 on a menu item or cross reference
  to select it.

* Menu:
`;

export function installInfo({ words, files }: Call): number {
  const { has, rest } = optionsOf(words, {
    flags: ["quiet", "delete", "remove"],
    values: ["info-dir", "dir-file", "dir", "info-file"],
  });
  const [manual = has.get("info-file"), second] = rest;
  const folder = has.get("info-dir");
  const directory =
    second ?? has.get("dir-file") ?? has.get("dir") ?? (folder === undefined ? undefined : `${folder}/dir`);
  if (typeof manual !== "string" || typeof directory !== "string" || rest.length > 2)
    throw notUnderstood("a form of install-info");
  if ([manual, `${manual}.gz`, `${manual}.xz`, `${manual}.bz2`].some((path) => files.stat(path)))
    throw notUnderstood("the entries of a manual");
  if (!files.stat(directory)) files.write(directory, Buffer.from(emptyDirectory));
  return 1;
}
