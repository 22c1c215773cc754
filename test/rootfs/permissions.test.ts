import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type ChangedTree, startChange } from "../../src/rootfs/change.ts";
import { changePermissions, linkFile } from "../../src/rootfs/permissions.ts";
import { treeOf } from "../kit/tree.ts";

const open = (...lines: readonly string[]): ChangedTree => startChange(treeOf(lines, "app"), new Map());
const read = (path: string): Uint8Array => Buffer.from(`text of ${path}`);
const look = ({ tree }: ChangedTree, path: string): string => {
  const { mode = 0, uid = 0, gid = 0 } = tree.get(path)?.entry ?? {};
  return `${mode.toString(8)} ${uid}:${gid}`;
};

describe("changing permissions", () => {
  it("takes a package's file out of the package and keeps it with its content in the package's layer", () => {
    const change = open("etc/", "etc/secret");
    changePermissions(change, { path: "etc/secret", mode: 0o600, recursive: false }, read);
    assert.equal(look(change, "etc/secret"), "600 0:0");
    assert.deepEqual(change.made.get("etc/secret"), { bytes: read("etc/secret"), about: "app" });
    assert.deepEqual(change.dropped, new Map([["app", new Set(["etc/secret"])]]));
  });

  it("leaves alone what it does not name", () => {
    const change = open("etc/", "etc/a");
    changePermissions(change, { path: "etc/a", uid: 5, recursive: false }, read);
    assert.equal(look(change, "etc/a"), "644 5:0");
  });

  it("does nothing to what is so already", () => {
    const change = open("etc/", "etc/a");
    changePermissions(change, { path: "etc/a", mode: 0o644, uid: 0, recursive: false }, read);
    assert.equal(change.made.size, 0);
  });

  it("goes down a folder, into which links lead nobody", () => {
    const change = open("srv/", "srv/a/", "srv/a/b", "srv/out -> ../etc/x", "etc/", "etc/x", "srv2");
    changePermissions(change, { path: "srv", mode: 0o2775, uid: 1, gid: 2, recursive: true }, read);
    for (const path of ["srv", "srv/a", "srv/a/b"]) assert.equal(look(change, path), "2775 1:2", path);
    assert.equal(look(change, "srv/out"), "755 1:2");
    assert.equal(look(change, "etc/x"), "644 0:0");
    assert.equal(look(change, "srv2"), "644 0:0");
  });

  it("follows the links on the way to a path, and the path itself", () => {
    const change = open("usr/", "usr/bin/", "usr/bin/tool", "bin -> usr/bin", "usr/bin/t -> tool");
    changePermissions(change, { path: "bin/t", mode: 0o4755, recursive: false }, read);
    assert.equal(look(change, "usr/bin/tool"), "4755 0:0");
  });

  it("refuses a path that is not there", () => {
    assert.throws(() => changePermissions(open(), { path: "gone", mode: 0, recursive: false }, read), {
      code: "PATH_MISSING",
    });
  });
});

describe("a further name of a file", () => {
  it("has its content, mode and owner", () => {
    const change = open("etc/", "etc/a");
    changePermissions(change, { path: "etc/a", mode: 0o640, gid: 7, recursive: false }, read);
    linkFile(change, { path: "etc/b", target: "etc/a" }, read);
    assert.equal(look(change, "etc/b"), "640 0:7");
    assert.deepEqual(change.made.get("etc/b"), { bytes: read("etc/a") });
  });

  it("takes the place of what was there", () => {
    const change = open("etc/", "etc/a", "etc/b -> c");
    linkFile(change, { path: "etc/b", target: "etc/a" }, read);
    assert.equal(change.tree.get("etc/b")?.entry.kind, "file");
  });

  for (const [state, target, code] of [
    ["nothing", "etc/gone", "PATH_MISSING"],
    ["a folder", "etc", "PATH_MISSING"],
  ] as const) {
    it(`is refused of ${state}`, () => {
      assert.throws(() => linkFile(open("etc/"), { path: "b", target }, read), { code });
    });
  }

  it("is refused where a folder is", () => {
    assert.throws(() => linkFile(open("etc/", "a"), { path: "etc", target: "a" }, read), { code: "FILE_CONFLICT" });
  });
});
