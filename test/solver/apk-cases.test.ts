import assert from "node:assert/strict";
import { globSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, test } from "node:test";
import { fixture, needs } from "../kit/oracle.ts";
import { changesIn, readApkCase, runApkCase } from "./apk-cases.ts";

const folder = fixture("solver/apk-tools-solver/alpinelinux+apk-tools/test/solver");

describe("apk-tools' own solver tests", needs(folder), () => {
  for (const file of globSync("*.test", { cwd: folder }).sort()) {
    const one = readable(join(folder, file));
    if (typeof one === "string") {
      test(basename(file), { skip: one }, () => undefined);
      continue;
    }
    test(`${basename(file)}: ${one.args.join(" ")}`, () => assert.deepEqual(runApkCase(one), changesIn(one.expected)));
  }
});

/** Some of the files that tests name are kept elsewhere. */
function readable(file: string): ReturnType<typeof readApkCase> | string {
  try {
    return readApkCase(file);
  } catch (error) {
    return (error as Error).message;
  }
}
