import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { type HostMirrors, readHostMirrors } from "../../src/io/apt-sources.ts";
import { temporaryFolder } from "../kit/temporary.ts";

const debian = { "etc/os-release": 'PRETTY_NAME="Debian"\nID=debian\nVERSION_ID="12"\n' };
const main = "http://mirror.example/debian";
const safe = "http://mirror.example/debian-security";

const cases: readonly { name: string; files: Readonly<Record<string, string>>; mirrors: HostMirrors }[] = [
  { name: "a machine without files", files: {}, mirrors: {} },
  {
    name: "another distribution",
    files: { "etc/os-release": "ID=ubuntu\nID_LIKE=debian\n", "etc/apt/sources.list": `deb ${main} trixie main` },
    mirrors: {},
  },
  {
    name: "one-line sources with options, comments and slashes at the end",
    files: {
      ...debian,
      "etc/apt/sources.list": `# deb http://old.example/debian bookworm main
deb [ arch=amd64 signed-by=/usr/share/keyrings/x.gpg ] ${main}/ bookworm main contrib # main
deb ${main} bookworm-updates main
deb-src http://src.example/debian bookworm main
deb ${safe} bookworm-security main
`,
    },
    mirrors: { archive: [main], security: [safe] },
  },
  {
    name: "deb822 sources, some switched off",
    files: {
      "usr/lib/os-release": "ID='debian'\n",
      "etc/apt/sources.list.d/debian.sources": `Types: deb deb-src
# a comment
URIs: ${main} https://second.example/debian
Suites: trixie trixie-updates
Components: main

Types: deb
URIs: ${safe}
Suites: trixie-security
Components: main

Enabled: no
Types: deb
URIs: http://off.example/debian
Suites: trixie
Components: main
`,
    },
    mirrors: { archive: [main, "https://second.example/debian"], security: [safe] },
  },
  {
    name: "other vendors' sources",
    files: {
      ...debian,
      "etc/apt/sources.list.d/vendor.list":
        "deb https://packages.vendor.example/apt cloud-sdk main\ndeb https://vendor.example/debian-tools stable main\n",
      "etc/apt/sources.list.d/node.sources":
        "Types: deb\nURIs: https://deb.node.example/node_20.x\nSuites: nodistro\nComponents: main\n",
      "etc/apt/sources.list.d/debian.sources.disabled": `Types: deb\nURIs: ${main}\nSuites: trixie\n`,
    },
    mirrors: {},
  },
  {
    name: "backports, which are no place for a release",
    files: { ...debian, "etc/apt/sources.list": "deb http://back.example/debian bookworm-backports main" },
    mirrors: {},
  },
  {
    name: "the old form of security, and schemes that dodai does not speak",
    files: {
      ...debian,
      "etc/apt/sources.list": `deb http://security.example/ buster/updates main
deb cdrom:[Debian 12]/ bookworm main
deb tor+http://onion.example/debian bookworm main
deb file:/srv/mirror/debian bookworm main`,
    },
    mirrors: { archive: ["file:/srv/mirror/debian"], security: ["http://security.example"] },
  },
  {
    name: "a file that is broken, beside one that is not",
    files: {
      ...debian,
      "etc/apt/sources.list": `deb ${main} bookworm main`,
      "etc/apt/sources.list.d/broken.sources": "this is no stanza",
    },
    mirrors: { archive: [main] },
  },
];
for (const { name, files, mirrors } of cases) {
  test(`host mirrors of ${name}`, async (t) => {
    const root = await temporaryFolder(t);
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await writeFile(join(root, path), text);
    }
    assert.deepEqual(await readHostMirrors(root, "debian"), mirrors);
  });
}

test("an empty root looks nowhere", async () => {
  assert.deepEqual(await readHostMirrors("", "debian"), {});
});
