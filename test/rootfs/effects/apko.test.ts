// What apko does to a tree once packages are there.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import type { GeneratedFile } from "../../../src/packages/contract.ts";
import { memoryAccess } from "../../../src/packages/memory-access.ts";
import { accountsApko } from "../../../src/rootfs/effects/accounts-apko.ts";
import { apkFolder } from "../../../src/rootfs/effects/apk-folder.ts";
import { certificates, certificatesApko } from "../../../src/rootfs/effects/certificates.ts";
import type { Effect, EffectContext } from "../../../src/rootfs/effects/contract.ts";
import { addToTruststore } from "../../../src/rootfs/effects/java-truststore.ts";
import { ldSoCache } from "../../../src/rootfs/effects/ld-so-cache.ts";
import { subjectHash } from "../../../src/rootfs/effects/subject-hash.ts";
import { makeSharedObject } from "../../kit/elf.ts";
import { needs, run } from "../../kit/oracle.ts";
import { temporaryFolder } from "../../kit/temporary.ts";
import { entryOf, treeOf } from "../../kit/tree.ts";

function contextOf(lines: readonly string[], more: Partial<EffectContext> = {}): EffectContext {
  const texts = new Map(lines.map((line) => [entryOf(line).path, entryOf(line).text]));
  return {
    tree: treeOf(lines, "owner"),
    read: (path) => Buffer.from(texts.get(path) ?? "", "latin1"),
    open: (path) => memoryAccess(Buffer.from(texts.get(path) ?? "", "latin1")),
    platform: { os: "linux", architecture: "amd64" },
    distribution: { name: "apko", release: "v1" },
    users: [],
    groups: [],
    epoch: 0,
    packages: [],
    ...more,
  };
}

/** `file 0644 0:0 path` and so on, with what is in it. */
function told(effect: Effect, context: EffectContext): readonly string[] {
  return effect.apply(context).files.map(describeFile);
}

function describeFile(file: GeneratedFile): string {
  if (file.kind === "symlink") return `${file.path} -> ${file.target}`;
  const head = `${file.mode.toString(8)} ${file.uid ?? 0}:${file.gid ?? 0} ${file.path}`;
  return file.kind === "directory" ? `${head}/` : `${head} ${JSON.stringify(Buffer.from(file.bytes).toString())}`;
}

const app = { name: "app", uid: 1000, gid: 1001, comment: "by apko", home: "/home/app", shell: "/bin/sh" };

describe("accounts as apko makes them", () => {
  it("are an empty list when there is nothing to tell", () => {
    assert.deepEqual(told(accountsApko, contextOf([])), ['644 0:0 etc/passwd ""']);
  });

  it("come behind those of packages, locked, with a home for everyone who has none yet", () => {
    const passwd = "etc/passwd = root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/dev/null:/bin/no";
    const context = contextOf(["etc/", passwd, "etc/group = root:x:0:root\n"], {
      users: [app],
      groups: [{ name: "app", gid: 1001, members: ["app", "root"] }],
    });
    assert.deepEqual(told(accountsApko, context), [
      `644 0:0 etc/passwd ${JSON.stringify("root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/dev/null:/bin/no\napp:x:1000:1001:by apko:/home/app:/bin/sh\n")}`,
      `644 0:0 etc/group ${JSON.stringify("root:x:0:root\napp:x:1001:app,root\n")}`,
      `640 0:0 etc/shadow ${JSON.stringify("app:!:::::::\n")}`,
      "700 1000:1001 home/app/",
      "700 0:0 root/",
    ]);
  });

  it("leave a home alone that is there", () => {
    const context = contextOf(["home/", "home/app/"], { users: [app] });
    assert.ok(told(accountsApko, context).every((line) => !line.endsWith("home/app/")));
  });

  it("are refused when the home is a file", () => {
    const context = contextOf(["home/", "home/app"], { users: [app] });
    assert.throws(() => accountsApko.apply(context), { code: "EFFECT_FAILED" });
  });
});

const body = (letter: string): string => Buffer.from(`certificate ${letter}`).toString("base64");
const pem = (letter: string): string => `-----BEGIN CERTIFICATE-----\n${body(letter)}\n-----END CERTIFICATE-----\n`;
const print = (letter: string): string => createHash("sha256").update(`certificate ${letter}`).digest("hex");
const bundle = "etc/ssl/certs/ca-certificates.crt";

describe("certificates of a recipe", () => {
  const own = { additional: [{ name: "corp", pem: pem("a") }], providers: ["custom-ca"] };

  it("get a file each, and come behind those of every bundle that is there", () => {
    const context = contextOf([`${bundle} = ${pem("z")}`], { certificates: own });
    assert.deepEqual(told(certificates, context), [
      `644 0:0 usr/local/share/ca-certificates/corp-${print("a")}.crt ${JSON.stringify(pem("a"))}`,
      `644 0:0 ${bundle} ${JSON.stringify(`${pem("z")}${pem("a")}\n`)}`,
    ]);
  });

  it("include those of packages that provide some, in the order of their paths", () => {
    const folder = "usr/local/share/ca-certificates";
    const lines = [
      `${bundle} = `,
      `${folder}/c.crt = ${pem("c")}`,
      `${folder}/b.pem = ${pem("b")}`,
      `${folder}/README`,
    ];
    const context = contextOf(lines, {
      certificates: own,
      packages: [{ name: "owner", version: "1", control: [], provides: ["custom-ca"] }],
    });
    const { files } = certificates.apply(context);
    const changed = files.find(({ path }) => path === bundle);
    const text = changed?.kind === "file" ? Buffer.from(changed.bytes).toString() : "";
    assert.equal(text, ["a", "b", "c"].map((letter) => `${pem(letter)}\n`).join(""));
  });

  it("do nothing where nobody asks", () => {
    assert.deepEqual(certificates.apply(contextOf([`${bundle} = x`])).files, []);
  });

  it("leave a checksum beside each bundle of apko's", () => {
    const sum = createHash("sha256").update("x").digest("hex");
    assert.deepEqual(told(certificatesApko, contextOf([`${bundle} = x`])), [
      `444 0:0 etc/ssl/certs/.ca-certificates.crt.sha256 ${JSON.stringify(`${sum}  ca-certificates.crt\n`)}`,
    ]);
  });

  it("are linked by hash where OpenSSL finds the others so", needs("openssl"), async (t) => {
    const path = `${await temporaryFolder(t)}/ca.pem`;
    const made = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "/dev/null", "-subj", "/CN=Corp", "-out"];
    run("openssl", [...made, path]);
    const text = readFileSync(path, "utf8");
    const hash = run("openssl", ["x509", "-in", path, "-noout", "-hash"]).trim();
    const context = contextOf(["etc/ssl/certs/00000000.0 -> x", `etc/ssl/certs/${hash}.0 -> y`], {
      certificates: { additional: [{ name: "corp", pem: text }], providers: [] },
    });
    const der = Buffer.from(text.replace(/-----.*-----|\s/g, ""), "base64");
    assert.equal(subjectHash(der), hash);
    assert.match(told(certificates, context).at(-1) ?? "", new RegExp(`^etc/ssl/certs/${hash}\\.1 -> /usr/local/`));
  });
});

describe("Java's truststore", () => {
  const word = Buffer.from("changeit", "utf16le").swap16();
  const seal = (bytes: Buffer): Buffer =>
    Buffer.concat([bytes, createHash("sha1").update(word).update("Mighty Aphrodite").update(bytes).digest()]);
  const empty = seal(Buffer.from("feedfeed0000000200000000", "hex"));

  it("has certificates added, sorted by alias, and one of the same alias replaced", () => {
    const der = (text: string): Uint8Array => Buffer.from(text);
    const one = addToTruststore(empty, [{ alias: "B", der: der("b") }], 1);
    const two = addToTruststore(
      one,
      [
        { alias: "a", der: der("a") },
        { alias: "b", der: der("new") },
      ],
      2,
    );
    const entry = (alias: string, text: string): string =>
      `00000002${"0001"}${Buffer.from(alias).toString("hex")}00000000000007d0${"0005"}${Buffer.from("X.509").toString("hex")}${text.length.toString(16).padStart(8, "0")}${Buffer.from(text).toString("hex")}`;
    const body = Buffer.from(`feedfeed0000000200000002${entry("a", "a")}${entry("b", "new")}`, "hex");
    assert.deepEqual(Buffer.from(two), seal(body));
  });

  const refused: readonly (readonly [string, Buffer])[] = [
    ["is none", Buffer.from("PKCS12 or whatever else it may be")],
    ["has another password", Buffer.concat([empty.subarray(0, 12), Buffer.alloc(20)])],
    ["ends in an entry", seal(Buffer.from("feedfeed0000000200000001", "hex"))],
    ["says more than it has", seal(Buffer.from("feedfeed000000020000000100000002ffff", "hex"))],
    ["has more than it says", seal(Buffer.from("feedfeed000000020000000000", "hex"))],
  ];
  for (const [state, bytes] of refused) {
    it(`is refused when it ${state}`, () => {
      assert.throws(() => addToTruststore(bytes, [], 0), { code: "EFFECT_FAILED" });
    });
  }
});

describe("the loader's cache", () => {
  const context = (lines: readonly string[]): EffectContext => {
    const library = makeSharedObject("libz.so.1");
    return {
      ...contextOf([...lines, "usr/", "usr/lib/", "usr/lib/libz.so.1"], {
        packages: [{ name: "glibc", version: "2.42-r0", control: [] }],
      }),
      open: () => memoryAccess(library),
    };
  };

  it("is made for the glibc of apk, which names no distribution", () => {
    const made = ldSoCache
      .apply(context(["etc/", "etc/ld.so.conf = "]))
      .files.find(({ path }) => path === "etc/ld.so.cache");
    const text = made?.kind === "file" ? Buffer.from(made.bytes).toString("latin1") : "";
    assert.match(text, /libz\.so\.1.*ldconfig \(GNU libc\) stable release version 2\.42$/s);
  });

  it("is not made where nothing says that there is one", () => {
    assert.deepEqual(ldSoCache.apply(context([])).files, []);
  });
});

describe("apk's folder", () => {
  const rows: readonly (readonly [string, readonly string[], readonly string[]])[] = [
    ["is linked from the old place", ["usr/", "usr/lib/"], ["lib/apk -> ../usr/lib/apk"]],
    ["takes the place of empty folders", ["lib/", "lib/apk/", "lib/apk/db/"], ["lib/apk -> ../usr/lib/apk"]],
    ["is there already behind a merged lib", ["lib -> usr/lib"], []],
    ["is there already behind a link", ["lib/", "lib/apk -> ../usr/lib/apk"], []],
  ];
  for (const [name, lines, files] of rows) it(name, () => assert.deepEqual(told(apkFolder, contextOf(lines)), files));

  it("does not take away what packages have there", () => {
    assert.throws(() => apkFolder.apply(contextOf(["lib/", "lib/apk/", "lib/apk/x"])), { code: "EFFECT_FAILED" });
  });
});
