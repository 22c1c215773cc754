// Effects for Alpine's packages, beside what BusyBox itself does in Alpine's root.
import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { rootCertificates } from "node:tls";
import { parsePlatform } from "../../../src/core/platform.ts";
import type { ControlMember } from "../../../src/packages/contract.ts";
import { memoryAccess } from "../../../src/packages/memory-access.ts";
import { apkScripts } from "../../../src/rootfs/effects/apk-scripts.ts";
import { busyboxLinks } from "../../../src/rootfs/effects/busybox-links.ts";
import { caCertificatesAlpine } from "../../../src/rootfs/effects/ca-certificates-alpine.ts";
import type { EffectContext, EffectResult } from "../../../src/rootfs/effects/contract.ts";
import { needsAlpineRoot, openAlpineRoot } from "../../kit/alpine-root.ts";
import { entryOf, treeOf } from "../../kit/tree.ts";

interface Given {
  readonly tree: readonly string[];
  /** `.pre-install` or `.post-install` by package. */
  readonly scripts?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Texts of files of the tree. */
  readonly texts?: ReadonlyMap<string, string>;
}

const day = 86_400;

function contextOf({ tree: lines, scripts = {}, texts = new Map() }: Given): EffectContext {
  const tree = treeOf([...lines, ...texts.keys()]);
  const textOf = (path: string): string =>
    texts.get(path) ?? lines.map(entryOf).find((one) => one.path === path)?.text ?? "";
  return {
    tree,
    read: (path) => Buffer.from(textOf(path)),
    open: (path) => memoryAccess(Buffer.from(textOf(path))),
    platform: parsePlatform("linux/amd64"),
    distribution: { name: "alpine", release: "3.22" },
    users: [],
    groups: [],
    epoch: 20_000 * day,
    packages: Object.entries(scripts).map(([name, members]) => ({
      name,
      version: "1",
      control: [
        memberOf(".PKGINFO", `pkgname = ${name}\npkgver = 1\n`),
        ...Object.entries(members).map(([script, text]) => memberOf(script, text)),
      ],
    })),
  };
}

const memberOf = (name: string, text: string): ControlMember => ({ name, mode: 0o755, bytes: Buffer.from(text) });

const told = ({ files, covered = [] }: EffectResult): readonly string[] => [
  ...files.map((file) => (file.kind === "symlink" ? `${file.path} -> ${file.target}` : file.path)),
  ...covered.map((one) => `${one.package}${one.script} done`),
];

describe("busybox-links", () => {
  it("links each applet where no program has the name", () => {
    const texts = new Map([["etc/busybox-paths.d/busybox", "bin/ls\nbin/sh\nusr/bin/[\nsbin/init\n"]]);
    const result = busyboxLinks.apply(
      contextOf({ tree: ["bin/busybox", "bin/sh -> /bin/busybox", "sbin/init"], texts }),
    );
    assert.deepEqual(told(result), ["bin/ls -> /bin/busybox", "usr/bin/[ -> /bin/busybox"]);
  });
  it("follows links of folders, and links a path once", () => {
    const texts = new Map([["etc/busybox-paths.d/busybox", "bin/ls\nusr/bin/ls\nbin/ls\n"]]);
    const result = busyboxLinks.apply(contextOf({ tree: ["bin -> usr/bin", "usr/bin/", "usr/bin/busybox"], texts }));
    assert.deepEqual(told(result), ["bin/ls -> /usr/bin/busybox"]);
  });
  it("links nothing out of the root", () => {
    const texts = new Map([["etc/busybox-paths.d/busybox", "../x\nbin/../../x\n/etc/y\n./z\n\n"]]);
    assert.deepEqual(told(busyboxLinks.apply(contextOf({ tree: ["bin/busybox"], texts }))), ["etc/y -> /bin/busybox"]);
  });
  it("does nothing without BusyBox", () => {
    const texts = new Map([["etc/busybox-paths.d/busybox", "bin/ls\n"]]);
    assert.deepEqual(told(busyboxLinks.apply(contextOf({ tree: [], texts }))), []);
  });
});

const files = [
  "etc/passwd = root:x:0:0:root:/root:/bin/sh\n",
  "etc/group = root:x:0:root\n",
  "etc/shadow = root:*::0:::::\n",
];

describe("apk-scripts", () => {
  const known =
    "#!/bin/sh\n# accounts\naddgroup -S web 2>/dev/null\nadduser -S -D -H -G web web 2>/dev/null || true\nexit 0\n";
  it("does a script whose every line is known", () => {
    const result = apkScripts.apply(contextOf({ tree: files, scripts: { web: { ".pre-install": known } } }));
    assert.deepEqual(told(result), ["etc/passwd", "etc/group", "etc/shadow", "web.pre-install done"]);
    const texts = result.files.map((file) =>
      file.kind === "file" ? Buffer.from(file.bytes).toString().split("\n").at(-2) : "",
    );
    assert.deepEqual(texts, [
      "web:x:100:100:Linux User,,,:/home/web:/sbin/nologin",
      "web:x:100:web",
      "web:!:20000:0:99999:7:::",
    ]);
  });
  const unknown: readonly (readonly [name: string, text: string])[] = [
    ["another command", "addgroup -S web\nrm -rf /var\n"],
    ["an expansion", 'adduser -S "$USER"\n'],
    ["a substitution", "adduser -S `id`\n"],
    ["two commands", "addgroup -S web; touch /x\n"],
    ["a condition", "if true; then addgroup -S web; fi\n"],
    ["a colon", 'adduser -S -g "a:0:0" web\n'],
    ["a redirection", "addgroup -S web > /etc/x\n"],
  ];
  for (const [name, text] of unknown) {
    it(`leaves a script alone that has ${name}`, () => {
      assert.deepEqual(
        told(apkScripts.apply(contextOf({ tree: files, scripts: { web: { ".pre-install": text } } }))),
        [],
      );
    });
  }
  it("adds no accounts where there are none, as BusyBox cannot", () => {
    const result = apkScripts.apply(contextOf({ tree: [], scripts: { web: { ".pre-install": known } } }));
    assert.deepEqual(told(result), ["web.pre-install done"]);
  });
  it("lists shells once", () => {
    const scripts = {
      bash: { ".post-install": "add-shell '/bin/bash'\n" },
      zsh: { ".post-install": "add-shell /bin/zsh /bin/sh\n" },
    };
    const [shells] = apkScripts.apply(contextOf({ tree: ["etc/shells = # shells\n/bin/sh\n"], scripts })).files;
    assert.ok(shells?.kind === "file");
    assert.equal(Buffer.from(shells.bytes).toString(), "# shells\n/bin/sh\n/bin/bash\n/bin/zsh\n");
  });
});

const commands: readonly string[] = [
  "addgroup -S klogd",
  "adduser -S -D -H -h /dev/null -s /sbin/nologin -G klogd -g klogd klogd",
  "addgroup -S -g 42 shadow",
  "addgroup -S foo",
  "adduser -S -D -H bar",
  "adduser -SDH -h /var/lib/x -G foo -g 'Foo Bar' foo",
  "adduser -u 777 -S -D -H quux",
  "addgroup quux foo",
  "adduser foo audio",
  "adduser -D -H -s /bin/sh norm",
  "addgroup -g 2000 g2",
  "addgroup g3",
  "addgroup -S foo",
  "adduser -S -D -H foo",
  "adduser -S -D -H -G nosuch lost",
];

describe("accounts", needsAlpineRoot(), () => {
  it("are those that BusyBox makes", () => {
    const alpine = openAlpineRoot();
    const root = mkdtempSync(join(tmpdir(), "dodai-accounts-"));
    try {
      cpSync(join(alpine.repository, ".."), root, {
        recursive: true,
        verbatimSymlinks: true,
        filter: (from) => !from.includes("/repository"),
      });
      const read = (name: string): string => readFileSync(join(root, "etc", name), "utf8");
      const names = ["passwd", "group", "shadow"];
      const texts = new Map(names.map((name) => [`etc/${name}`, read(name)]));
      const script = `${commands.join(" 2>/dev/null\n")} 2>/dev/null\nexit 0\n`;
      const result = apkScripts.apply(contextOf({ tree: [], texts, scripts: { all: { ".pre-install": script } } }));
      writeFileSync(join(root, "script"), script);
      alpine.run(root, ["/bin/sh", "/script"]);
      const made = result.files.map((file) => (file.kind === "file" ? Buffer.from(file.bytes).toString() : ""));
      // The day on which a password was set.
      const plain = (text: string): string => text.replaceAll(/^(\w+:!):\d+:/gm, "$1:DAY:");
      assert.deepEqual(made.map(plain), names.map(read).map(plain));
    } finally {
      alpine.close();
      rmSync(root, { recursive: true, force: true });
    }
  });
});

describe("ca-certificates-alpine", () => {
  const pem = (name: string): string => `${rootCertificates[["A", "B", "C", "own"].indexOf(name)]}\n`;
  it("takes what the list names, and what is local", () => {
    const texts = new Map([
      ["etc/ca-certificates.conf", "# list\nmozilla/B.crt\n!mozilla/C.crt\nmozilla/A.crt\nmozilla/gone.crt\n"],
      ["usr/share/ca-certificates/mozilla/A.crt", pem("A")],
      ["usr/share/ca-certificates/mozilla/B.crt", pem("B")],
      ["usr/share/ca-certificates/mozilla/C.crt", pem("C")],
      ["usr/local/share/ca-certificates/own.crt", pem("own").trimEnd()],
    ]);
    const { files: made } = caCertificatesAlpine.apply(contextOf({ tree: [], texts }));
    const [bundle] = made;
    assert.ok(bundle?.kind === "file");
    assert.equal(Buffer.from(bundle.bytes).toString(), pem("B") + pem("A") + pem("own"));
    assert.deepEqual(
      made.slice(1, 4).map((one) => one.path.slice("etc/ssl/certs/".length)),
      ["ca-cert-B.pem", "ca-cert-A.pem", "ca-cert-own.pem"],
    );
  });
});
