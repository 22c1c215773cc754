// Advisories of the packages that a recipe gives, from repositories of rpm packages; dnf says the same of the image.
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it, type TestContext } from "node:test";
import { withAdvisories } from "../../src/build/advisories.ts";
import { build } from "../../src/build/build.ts";
import type { BuildEvent, BuildOptions } from "../../src/build/contract.ts";
import { resolve } from "../../src/build/resolve.ts";
import type { Recipe } from "../../src/core/recipe.ts";
import { openWorkplace, recipeOf } from "../kit/build.ts";
import { needs, run } from "../kit/oracle.ts";
import { createSigner, writeRepository } from "../kit/repository.ts";
import type { RpmSpec } from "../kit/rpm.ts";
import { makeRpmRepository } from "../kit/rpm-repository.ts";
import { temporaryFolder } from "../kit/temporary.ts";

const signer = createSigner("packager");
after(() => signer.close());

const packages: readonly RpmSpec[] = [
  { name: "app", version: "2.0", requires: ["lib", "data"] },
  { name: "lib", epoch: 1, version: "1.9" },
  { name: "lib", epoch: 1, version: "1.10" },
  { name: "data", arch: "noarch" },
];

const advisory = (id: string, type: string, more: string, named: string): string =>
  `<update from="a@b.example" status="final" type="${type}" version="1"><id>${id}</id><title>${id} of all</title>
<issued date="2025-05-01 10:00:00"/><updated date="2025-05-01 10:00:00"/>${more}
<pkglist><collection short="c"><name>c</name>${named}</collection></pkglist></update>\n`;

const one = (name: string, version: string, more = 'arch="x86_64"'): string =>
  `<package name="${name}" version="${version}" release="1" ${more}><filename>${name}-${version}-1.rpm</filename></package>`;

const updateinfo = `<?xml version="1.0" encoding="UTF-8"?>
<updates>
${[
  advisory(
    "U-2",
    "security",
    '<severity>Important</severity><references><reference href="https://a.example" id="CVE-2025-1111" type="cve" title="t"/><reference href="https://b.example" id="CVE-2025-0001" type="cve" title="t"/></references>',
    one("lib", "1.10", 'epoch="1" arch="x86_64"') + one("app", "2.0", 'epoch="0" arch="x86_64"'),
  ),
  advisory("U-1", "bugfix", "", one("lib", "1.10", 'epoch="1" arch="x86_64"')),
  advisory("U-3", "enhancement", "<severity>None</severity>", one("data", "1.0", 'epoch="0" arch="noarch"')),
  advisory("U-4", "newpackage", "", one("lib", "1.9", 'epoch="1" arch="x86_64"') + one("app", "2.0", 'arch="aarch64"')),
  advisory("U-5", "security", "<severity>Low</severity>", one("lib", "1.10", 'epoch="0" arch="x86_64"')),
  advisory("U-6", "security", "<severity>Low</severity>", one("app", "2.1", 'epoch="0" arch="x86_64"')),
].join("")}</updates>
`;

interface Place {
  readonly folder: string;
  readonly options: BuildOptions;
  readonly warnings: string[];
}

async function openPlace(t: TestContext): Promise<Place> {
  const folder = await temporaryFolder(t);
  const signed = packages.map((one) => ({ signer, ...one }));
  await writeRepository(join(folder, "first"), makeRpmRepository({ packages: signed, updateinfo }));
  const silent: readonly RpmSpec[] = [{ name: "silent", signer }];
  await writeRepository(join(folder, "second"), makeRpmRepository({ packages: silent }));
  mkdirSync(join(folder, "out"));
  const [first, second] = ["first", "second"].map((name) => recipeOf([join(folder, name)], { suites: {}, signer }));
  if (!first || !second) throw new Error("two recipes were made");
  const recipe: Recipe = {
    ...first,
    repositories: [...first.repositories, ...second.repositories],
    distribution: { name: "centos", release: "stream9" },
    packages: ["app", "silent"].map((request) => ({ request, exclude: false })),
  };
  const warnings: string[] = [];
  const options: BuildOptions = {
    hostRoot: "",
    now: new Date("2100-01-01"),
    recipe,
    cacheDirectory: join(folder, "cache"),
    outputs: [{ kind: "dir", destination: join(folder, "out/root") }],
    onEvent: (event) => {
      if (event.kind === "warning") warnings.push(event.text);
    },
  };
  return { folder, options, warnings };
}

describe("advisories of a recipe's packages", () => {
  it("are those that name exactly the chosen version", async (t) => {
    const { options, warnings } = await openPlace(t);
    const { platforms } = await resolve({ ...options, advisories: true });
    assert.deepEqual(
      platforms[0]?.packages.map((one) => [one.name, one.advisories?.map(({ id }) => id)]),
      [
        ["app", ["U-2"]],
        ["data", ["U-3"]],
        ["lib", ["U-1", "U-2"]],
        ["silent", []],
      ],
    );
    assert.deepEqual(platforms[0]?.packages[0]?.advisories, [
      {
        id: "U-2",
        type: "security",
        severity: "Important",
        title: "U-2 of all",
        issued: new Date("2025-05-01T10:00:00Z"),
        cves: ["CVE-2025-0001", "CVE-2025-1111"],
      },
    ]);
    assert.deepEqual(platforms[0]?.withoutAdvisories, ["recipe-2"]);
    assert.deepEqual(warnings, ['Repository "recipe-2" has no advisories']);
  });
  it("are not there unless they are asked for", async (t) => {
    const { options, warnings } = await openPlace(t);
    const { platforms } = await resolve(options);
    assert.ok(platforms.every((one) => !("withoutAdvisories" in one)));
    assert.ok(platforms[0]?.packages.every((one) => !("advisories" in one)));
    assert.deepEqual(warnings, []);
  });
  it("are not known of packages that came from no repository", async () => {
    const warnings: string[] = [];
    const emit = (event: BuildEvent): void => {
      if (event.kind === "warning") warnings.push(event.text);
    };
    const resolution = { platforms: [{ platform: "linux/amd64", packages: [] }] };
    assert.deepEqual(await withAdvisories(resolution, { opened: new Map(), session: { emit } }), resolution);
    assert.deepEqual(warnings, ["No repository was read for linux/amd64: advisories are not known"]);
  });
  it("are none in repositories of a format that has none", async (t) => {
    const place = await openWorkplace(t, { signer, suites: { trixie: [{ name: "libc6" }] } });
    const { platforms } = await resolve({ ...place.options(), advisories: true });
    assert.deepEqual(platforms[0]?.withoutAdvisories, ["recipe-1/trixie"]);
    assert.deepEqual(platforms[0]?.packages[0]?.advisories, []);
  });
  it("are what dnf says of the image", needs("dnf", "rpm"), async (t) => {
    const { folder, options } = await openPlace(t);
    const { platforms } = await resolve({ ...options, advisories: true });
    await build(options);
    const names = (platforms[0]?.packages ?? []).map((one) => ({
      name: `${one.name}-${one.version}.${one.architecture}`,
      advisories: one.advisories ?? [],
    }));
    const told = updatesOfDnf(folder, "--all").filter(([, , name]) => names.some((one) => one.name === name));
    const types = new Map([["security", "Important/Sec."]]);
    const ours = names.flatMap(({ name, advisories }) =>
      advisories.map(({ id, type }) => [id, types.get(type) ?? type, name]),
    );
    assert.deepEqual(told.sort(), ours.sort());
    const cves = updatesOfDnf(folder, "--all", "--with-cve").filter(([, , name]) =>
      names.some((one) => one.name === name),
    );
    assert.deepEqual(
      cves.sort(),
      names
        .flatMap(({ name, advisories }) =>
          advisories.flatMap((one) => one.cves.map((cve) => [cve, "Important/Sec.", name])),
        )
        .sort(),
    );
  });
});

/** Lines of `dnf updateinfo list`: id, type, package. */
function updatesOfDnf(folder: string, ...words: readonly string[]): readonly (readonly string[])[] {
  const home = join(folder, "home");
  mkdirSync(home, { recursive: true });
  writeFileSync(join(home, ".rpmmacros"), "%_dbpath /var/lib/rpm\n");
  const set = {
    cachedir: join(folder, "dnf-cache"),
    persistdir: join(folder, "dnf"),
    logdir: folder,
    reposdir: "/none",
    pluginpath: "/none",
  };
  const text = run(
    "dnf",
    [
      ...["--installroot", join(folder, "out/root"), "--releasever=9", "--forcearch=x86_64", "--noplugins"],
      ...["--repofrompath", `r,${join(folder, "first")}`, "--repo", "r", "--nogpgcheck", "-q"],
      ...Object.entries(set).map(([name, value]) => `--setopt=${name}=${value}`),
      ...["updateinfo", "list", ...words],
    ],
    { env: { ...process.env, HOME: home, COLUMNS: "200", LC_ALL: "C.UTF-8" } },
  );
  return text
    .trim()
    .split("\n")
    .map((line) => line.replace(/^i? +/, "").trim().split(/\s+/));
}
