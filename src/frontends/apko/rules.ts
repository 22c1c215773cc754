// Rules between fields of one file, which a shape cannot say. They run on a file whose shape is right.
import { DodaiError } from "../../core/dodai-error.ts";
import { describePath, type Path, type RecipeDocument } from "../native/document.ts";
import { certificateOf, publicKeyOf } from "../pem.ts";
import type { ApkoInput, ApkoPath } from "./input.ts";
import { parseFileName, parseId, parsePath } from "./values.ts";

type Refuse = (path: Path, state: string, fix?: string) => void;

export function checkRules(input: ApkoInput, document: RecipeDocument): readonly DodaiError[] {
  const faults: DodaiError[] = [];
  const refuse: Refuse = (path, state, fix) => {
    const where = document.positionOf(path);
    const message = `Cannot use "${describePath(path)}": ${state}`;
    faults.push(new DodaiError("RECIPE_SYNTAX", message, fix === undefined ? { where } : { where, fix }));
  };
  for (const [index, one] of (input.paths ?? []).entries()) checkPath(one, ["paths", index], refuse);
  checkAccounts(input, refuse);
  checkServices(input, refuse);
  checkLayering(input, refuse);
  checkKeys(input, refuse);
  return faults;
}

function checkPath(one: ApkoPath, path: Path, refuse: Refuse): void {
  const { type, source, content, permissions, uid, gid } = one;
  if ((type === "hardlink" || type === "symlink") && !source) {
    refuse(path, `a ${type} has a "source", which this one has not`);
  }
  if (type === "hardlink" && source) {
    try {
      parsePath(source);
    } catch {
      refuse([...path, "source"], "it is no plain path in the image");
    }
  }
  if (type === "file" && (source === undefined) === (content === undefined)) {
    refuse(path, source === undefined ? 'it has neither "content" nor "source"' : 'it has "content" and "source"');
  }
  if (type !== "file" && content !== undefined) {
    refuse([...path, "content"], `a path of type "${type}" has none`, 'Write "type: file".');
  }
  if (type === "permissions" && permissions === undefined && uid === undefined && gid === undefined) {
    refuse(path, "it changes nothing", 'Write "permissions", "uid" or "gid".');
  }
}

function checkAccounts({ accounts }: ApkoInput, refuse: Refuse): void {
  for (const [index, user] of (accounts?.users ?? []).entries()) {
    const path = ["accounts", "users", index];
    checkField(user.username, [...path, "username"], refuse);
    checkField(user.shell ?? "/bin/sh", [...path, "shell"], refuse);
    checkField(user.homedir ?? "/", [...path, "homedir"], refuse);
    if (parseId(user.uid) === 0) {
      refuse([...path, "uid"], "0 is root's", 'To run as root, write "run-as: 0".');
    }
  }
  for (const [index, group] of (accounts?.groups ?? []).entries()) {
    const path = ["accounts", "groups", index];
    checkField(group.groupname, [...path, "groupname"], refuse);
    for (const [at, member] of (group.members ?? []).entries()) checkField(member, [...path, "members", at], refuse);
  }
}

/** A field of passwd(5) or group(5). */
function checkField(value: string, path: Path, refuse: Refuse): void {
  if (value === "") refuse(path, "it is empty");
  else if (/[:\p{Cc}]/u.test(value))
    refuse(path, "it has a colon or control characters, which /etc/passwd cannot hold");
}

function checkServices({ entrypoint }: ApkoInput, refuse: Refuse): void {
  for (const name of Object.keys(entrypoint?.services ?? {})) {
    try {
      parseFileName(name);
    } catch {
      refuse(["entrypoint", "services", name], "its name is that of a folder, which it cannot be");
    }
  }
}

function checkLayering({ layering, contents, format }: ApkoInput, refuse: Refuse): void {
  if (layering?.budget !== undefined && layering.strategy === undefined) {
    refuse(["layering"], 'it has a budget and no "strategy"', 'Write "strategy: origin".');
  }
  if (layering?.strategy !== undefined && contents?.baseimage !== undefined) {
    refuse(["layering"], "layers of an image on a base image cannot be chosen, as in apko");
  }
  if (format === "erofs") {
    refuse(["format"], "dodai writes tar layers alone", 'Leave "format" out, or build this one with apko.');
  }
}

function checkKeys({ contents, certificates }: ApkoInput, refuse: Refuse): void {
  const names = new Set<string>();
  for (const [index, { name, content }] of (contents?.runtime_keyring ?? []).entries()) {
    const path = ["contents", "runtime_keyring", index];
    if (names.has(name)) refuse([...path, "name"], "an earlier entry has the same name");
    if (publicKeyOf(content) === undefined) refuse([...path, "content"], "it is not one RSA public key in PEM");
    names.add(name);
  }
  for (const [index, { content }] of (certificates?.additional ?? []).entries()) {
    if (certificateOf(content) !== undefined) continue;
    refuse(["certificates", "additional", index, "content"], "it is not one certificate in PEM");
  }
}
