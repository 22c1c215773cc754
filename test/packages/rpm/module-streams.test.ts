import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { enabledModules, moduleGroups } from "../../../src/packages/rpm/module-streams.ts";
import { parseModules } from "../../../src/packages/rpm/modules.ts";

/** `needs` as YAML: `perl: [5.30]`. */
const stream = (name: string, version: string, needs: string, artifact: string, more = ""): string => `---
document: modulemd
version: 2
data:
  name: ${name}
  stream: "${version}"
  dependencies:
  - buildrequires:
      platform: [other]
    requires:
      platform: [el8]
      ${needs}
  profiles:
    common:
      rpms: [${name}]
  artifacts:
    rpms:
    - ${artifact}
${more}...
`;
const defaults = (name: string, version: string): string => `---
document: modulemd-defaults
version: 1
data:
  module: ${name}
  stream: "${version}"
  profiles:
    "${version}": [common]
...
`;

const text = [
  stream("perl", "5.26", "", "perl-4:5.26-1.x86_64"),
  stream("perl", "5.30", "", "perl-4:5.30-1.x86_64"),
  defaults("perl", "5.26"),
  // One stream in two contexts.
  stream("DBI", "1", "perl: [5.26]", "DBI-0:1-26.x86_64"),
  stream("DBI", "1", "perl: [5.30]", "DBI-0:1-30.x86_64"),
  defaults("DBI", "1"),
  stream("app", "2", 'perl: ["5.30"]', "app-0:2-1.x86_64", "  demodularized:\n    rpms:\n    - app\n"),
  stream("lost", "1", 'absent: ["7"]', "lost-0:1-1.x86_64"),
].join("");
const modules = parseModules(text, "modules.yaml");

const there = (wanted: readonly string[], release = "el8"): readonly string[] =>
  [...enabledModules(modules, wanted, release).artifacts].filter(([, isThere]) => isThere).map(([nevra]) => nevra);

describe("streams of modules", () => {
  it("default ones are there, in the context that goes with the others", () =>
    assert.deepEqual(there([]), ["perl-4:5.26-1.x86_64", "DBI-0:1-26.x86_64"]));
  it("another stream takes other contexts with it", () =>
    assert.deepEqual(there(["perl:5.30"]), ["perl-4:5.30-1.x86_64", "DBI-0:1-30.x86_64"]));
  it("what a stream needs is enabled, before defaults", () =>
    assert.deepEqual(there(["app:2"]), ["perl-4:5.30-1.x86_64", "DBI-0:1-30.x86_64", "app-0:2-1.x86_64"]));
  it("one that needs what nobody has is not there", () => {
    assert.deepEqual(there(["lost:1"]), there([]));
    const visible = enabledModules(modules, ["lost:1"], "el8");
    assert.ok(!moduleGroups(modules, visible).some(({ id }) => id === "lost:1"));
  });
  it("those of another release are not there", () => assert.deepEqual(there([], "el9"), []));
  it("names that are no longer the module's hide nothing", () =>
    assert.deepEqual([...enabledModules(modules, ["app:2"], "el8").names], ["perl", "DBI"]));
  it("profiles are groups, by the module's name alone for default streams", () => {
    const ids = moduleGroups(modules, enabledModules(modules, ["app:2"], "el8")).map(({ id }) => id);
    assert.ok(ids.includes("app:2/common") && ids.includes("DBI/common") && ids.includes("DBI"));
    assert.ok(!ids.includes("app") && !ids.includes("perl"));
  });
});
