import assert from "node:assert/strict";
import { globSync, readdirSync, readFileSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { describe, it, test } from "node:test";
import { formatReadableJson, type Json } from "../../src/core/canonical-json.ts";
import { DodaiError } from "../../src/core/dodai-error.ts";
import { parsePlatform } from "../../src/core/platform.ts";
import type { Recipe } from "../../src/core/recipe.ts";
import { sha512Crypt } from "../../src/frontends/kickstart/crypt.ts";
import { isKickstartText } from "../../src/frontends/kickstart/lazy.ts";
import type { KickstartWorld } from "../../src/frontends/kickstart/lines.ts";
import { type LoadKickstartOptions, loadKickstart } from "../../src/frontends/kickstart/load.ts";
import { splitLine } from "../../src/frontends/kickstart/words.ts";
import { formatRecipe } from "../../src/frontends/native/format.ts";
import { loadRecipeLazily } from "../../src/frontends/native/lazy.ts";
import { describeFault } from "../kit/faults.ts";
import { fixture, needs, run } from "../kit/oracle.ts";

const golden = "test/golden/frontends/kickstart";
const disk: KickstartWorld = {
  readFile: (path) => readFile(path, "utf8"),
  hasFile: async (path) => statSync(path, { throwIfNoEntry: false })?.isFile() ?? false,
};

/** Files by path; `/ks` is the kickstart. */
function inMemory(files: Readonly<Record<string, string>>): KickstartWorld {
  const text = (path: string): string => {
    const found = files[path];
    if (found === undefined) throw new DodaiError("FILE_UNREADABLE", `Cannot read "${path}"`);
    return found;
  };
  return { readFile: async (path) => text(path), hasFile: async (path) => Object.hasOwn(files, path) };
}

type ReadOptions = Partial<Pick<LoadKickstartOptions, "distro" | "allowUnknown">> & {
  readonly files?: Readonly<Record<string, string>>;
};

const read = (text: string, { files = {}, distro = "centos:7", ...options }: ReadOptions = {}): Promise<Recipe> =>
  loadKickstart({ path: "/ks", file: "ks", world: inMemory({ "/ks": text, ...files }), distro, ...options });

const faultOf = (loading: Promise<unknown>): Promise<DodaiError> =>
  loading.then(
    () => assert.fail("it was accepted"),
    (reason: unknown) => {
      assert.ok(reason instanceof DodaiError, String(reason));
      return reason;
    },
  );

const packages = "%packages --nocore\nbash\n%end\n";

for (const name of readdirSync(join(golden, "accepted"))) {
  test(`reads ${name.replaceAll("-", " ")}`, async (t) => {
    const path = resolve(golden, "accepted", name, "ks.ks");
    const recipe = await loadKickstart({ path, file: "ks.ks", world: disk });
    t.assert.fileSnapshot(
      formatReadableJson(JSON.parse(JSON.stringify(recipe)) as Json),
      join(golden, "accepted", name, "expected.json"),
      {
        serializers: [String],
      },
    );
  });
}

for (const name of readdirSync(join(golden, "refused"))) {
  test(`refuses ${name.replaceAll("-", " ")}`, async (t) => {
    const path = resolve(golden, "refused", name, "ks.ks");
    const error = await faultOf(loadKickstart({ path, file: "ks.ks", world: disk }));
    t.assert.fileSnapshot(describeFault(error), join(golden, "refused", name, "expected.txt"), {
      serializers: [String],
    });
  });
}

const kickstarts = fixture("kickstart");

describe("a kickstart that is imported", () => {
  const imported: readonly {
    readonly name: string;
    readonly file: string;
    readonly distro?: string;
    readonly golden?: true;
  }[] = [
    { name: "centos-7-x86_64", file: "centos/CentOS+sig-cloud-instance-build/docker/centos-7-x86_64.ks", golden: true },
    { name: "Rocky-9-Container-Base", file: "rocky/r9/rocky-linux+kickstarts/Rocky-9-Container-Base.ks", golden: true },
    {
      name: "fedora-container-base",
      file: "fedora/srbala+fedora-kickstarts/fedora-container-base.ks",
      distro: "fedora:43",
      golden: true,
    },
    { name: "accounts", file: resolve(golden, "accepted/cloud-with-accounts/ks.ks") },
    { name: "container", file: resolve(golden, "accepted/container/ks.ks") },
  ];
  for (const { name, file, distro, golden: isGolden } of imported) {
    it(`${name} is the same recipe`, needs(kickstarts), async (t) => {
      const path = resolve(kickstarts, file);
      const recipe = await loadKickstart({
        path,
        file: path.replace(/^.*\//, ""),
        world: disk,
        ...(distro === undefined ? {} : { distro }),
      });
      const text = await assertSame(recipe);
      if (isGolden) t.assert.fileSnapshot(text, join(golden, "imported", `${name}.yaml`), { serializers: [String] });
    });
  }
  it("whatever file of the fixtures it is", needs(kickstarts), async () => {
    let count = 0;
    for (const path of globSync(join(kickstarts, "**/*.{ks,cfg}"))) {
      const recipe = await loadKickstart({ path, world: disk, distro: "rockylinux:9" }).catch(() => undefined);
      if (recipe && count++ < 400) await assertSame(recipe);
    }
    assert.ok(count > 300);
  });
});

/** The text of the recipe, which is the recipe again: but for places, warnings, and the platform that is this machine's. */
async function assertSame(recipe: Recipe): Promise<string> {
  const text = formatRecipe(recipe, { comments: recipe.warnings ?? [] });
  const hostPlatform = parsePlatform("amd64");
  const world = { ...inMemory({ "/r.yaml": text }), findBuiltIn: async () => undefined, builtInNames: async () => [] };
  const again = await loadRecipeLazily({ path: "/r.yaml", file: "r.yaml", hostPlatform, world });
  const platforms = recipe.platforms.length === 0 ? [hostPlatform] : recipe.platforms;
  assert.deepEqual(withoutPlaces(again), withoutPlaces({ ...recipe, platforms }));
  return text;
}

function withoutPlaces({ warnings: _, ...recipe }: Recipe): unknown {
  return JSON.parse(JSON.stringify(recipe, (key, value) => (key === "position" ? undefined : value)));
}
const folders: Readonly<Record<string, string>> = {
  centos: "centos:7",
  fedora: "fedora:43",
  rocky: "rockylinux:9",
  "rocky-container": "rockylinux:9",
};

test("every kickstart of the fixtures is read, or refused for a true reason", needs(kickstarts), async (t) => {
  const lines: string[] = [];
  for (const path of globSync(join(kickstarts, "**/*.{ks,cfg}")).sort()) {
    const file = path.slice(kickstarts.length + 1);
    const distro = folders[file.split("/")[0] ?? ""] ?? "centos:7";
    const line = await loadKickstart({ path, file, world: disk, distro }).then(
      ({ packages: all, steps = [], repositories }) =>
        `${all.length} packages, ${repositories.length} repositories, ${steps.length} scripts`,
      (error: unknown) => {
        assert.ok(error instanceof DodaiError, String(error));
        return `refused: ${describeFault(error).split("\n").slice(0, 6).join("\n    ").trimEnd()}`;
      },
    );
    lines.push(`${file}: ${line}`);
  }
  t.assert.fileSnapshot(`${lines.join("\n")}\n`, join(golden, "fixtures.txt"), { serializers: [String] });
});

describe("what tells the distribution", needs(kickstarts), () => {
  const rows: readonly (readonly [string, string])[] = [
    ["centos/CentOS+sig-cloud-instance-build/docker/centos-7-x86_64.ks", "centos:7"],
    ["centos/CentOS+sig-cloud-instance-build/docker/centos-6.ks", "centos:6"],
    ["rocky/r9/rocky-linux+kickstarts/Rocky-9-Container-Base.ks", "rockylinux:9"],
    ["rocky/r9/rocky-linux+kickstarts/Rocky-9-Container-Minimal.ks", "rockylinux:9"],
    ["rocky/r9/rocky-linux+kickstarts/container/rocky-container-ubi.ks", "rockylinux:9"],
    ["rocky/r8/rocky-linux+kickstarts/Rocky-8-Container-UBI.ks", "rockylinux:8"],
  ];
  for (const [file, wanted] of rows) {
    it(`${file.replace(/^.*\//, "")} is of ${wanted}`, async () => {
      const { distribution } = await loadKickstart({ path: join(kickstarts, file), file, world: disk });
      assert.equal(`${distribution.name}:${distribution.release}`, wanted);
    });
  }
  const addresses: readonly (readonly [string, string])[] = [
    ["url --url=http://mirror.centos.org/centos/7.0.1406/os/x86_64/", "centos:7"],
    ["url --url=https://mirror.stream.centos.org/9-stream/BaseOS/$basearch/os", "centos:stream9"],
    [
      'url --metalink="https://mirrors.centos.org/metalink?repo=centos-baseos-10-stream&arch=$basearch"',
      "centos:stream10",
    ],
    ["url --url=https://dl.rockylinux.org/pub/rocky/9.4/BaseOS/x86_64/os/", "rockylinux:9"],
    ["url --mirrorlist=https://mirrors.rockylinux.org/mirrorlist?arch=$basearch&repo=rocky-BaseOS-10", "rockylinux:10"],
    ["url --url=https://repo.almalinux.org/almalinux/9/BaseOS/$basearch/os/", "almalinux:9"],
    ["url --mirrorlist=https://mirrors.almalinux.org/mirrorlist/9/baseos", "almalinux:9"],
    ["url --url=https://dl.fedoraproject.org/pub/fedora/linux/releases/43/Everything/$basearch/os/", "fedora:43"],
    ["url --mirrorlist=https://mirrors.fedoraproject.org/mirrorlist?repo=fedora-42&arch=$basearch", "fedora:42"],
    [
      "#version=F43\nurl --metalink=https://mirrors.fedoraproject.org/metalink?repo=fedora-$releasever&arch=$basearch",
      "fedora:43",
    ],
    [
      "repo --name=epel --baseurl=https://dl.fedoraproject.org/pub/epel/9/Everything/$basearch/\nurl --url=https://dl.rockylinux.org/pub/rocky/9/BaseOS/$basearch/os",
      "rockylinux:9",
    ],
  ];
  for (const [text, wanted] of addresses) {
    it(`${text.split("\n").at(-1)} is of ${wanted}`, async () => {
      const { distribution } = await loadKickstart({
        path: "/ks",
        file: "ks",
        world: inMemory({ "/ks": `${text}\n${packages}` }),
      });
      assert.equal(`${distribution.name}:${distribution.release}`, wanted);
    });
  }
});

describe("words, as Python's shlex splits them", () => {
  const rows: readonly { readonly line: string; readonly words: readonly string[] }[] = [
    { line: "lang en_US", words: ["lang", "en_US"] },
    { line: "  text  # comment", words: ["text"] },
    { line: "url --url=http://x/#part", words: ["url", "--url=http://x/"] },
    { line: `repo --name="a b" --baseurl='http://x/$y'`, words: ["repo", "--name=a b", "--baseurl=http://x/$y"] },
    { line: String.raw`a\ b "c\"d\\e\f" 'g\h'`, words: ["a b", String.raw`c"d\e\f`, String.raw`g\h`] },
    { line: `rootpw --iscrypted ""`, words: ["rootpw", "--iscrypted", ""] },
    { line: `a"b"'c'd`, words: ["abcd"] },
    { line: `"#" '#'`, words: ["#", "#"] },
  ];
  for (const { line, words } of rows) {
    it(line, () => {
      const split = splitLine(line, { comments: true });
      assert.deepEqual(split.kind === "words" && split.words.map(({ text }) => text), words);
    });
  }
});

describe("what a kickstart means", () => {
  const rows: readonly {
    readonly name: string;
    readonly text: string;
    readonly member: keyof Recipe;
    readonly wanted: unknown;
    readonly distro?: string;
  }[] = [
    {
      name: "a beginning that fits one option alone",
      text: "network --hostn web.example",
      member: "hostname",
      wanted: "web.example",
    },
    {
      name: "the last of a repeated option",
      text: "network --hostname=a --hostname=b",
      member: "hostname",
      wanted: "b",
    },
    { name: "the last of a repeated command", text: "lang de_DE\nlang C.UTF-8", member: "locale", wanted: "C.UTF-8" },
    { name: "a language without a character set", text: "lang en_US", member: "locale", wanted: "en_US.UTF-8" },
    {
      name: "the console's map before that of X",
      text: "keyboard us --xlayouts=de --vckeymap=uk",
      member: "keymap",
      wanted: "uk",
    },
    {
      name: "a zone with options around it",
      text: "timezone --utc --nontp Etc/UTC",
      member: "timezone",
      wanted: "Etc/UTC",
    },
    {
      name: "a locked root",
      text: "rootpw --lock --iscrypted locked",
      member: "accounts",
      wanted: { users: [], groups: [], rootPassword: "locked" },
    },
    {
      name: "the hash of root's password",
      text: "rootpw --iscrypted $1$UKLtvLuY$kka6S665oCFmU7ivSDZzU.",
      member: "accounts",
      wanted: { users: [], groups: [], rootPassword: "$1$UKLtvLuY$kka6S665oCFmU7ivSDZzU." },
    },
    {
      name: "a hash that is none as a lock",
      text: "rootpw --iscrypted nope",
      member: "accounts",
      wanted: { users: [], groups: [], rootPassword: "locked" },
    },
    {
      name: "services with their suffix, what is enabled over what is disabled",
      text: "services --disabled=a,sshd --enabled sshd,b.socket",
      member: "services",
      wanted: { enabled: ["sshd.service", "b.socket"], disabled: ["a.service"], masked: [] },
    },
    {
      name: "users with numbers of their own, and groups of the same name",
      text: 'user --name=a --groups=wheel,ops(2000) --gecos="A B"\nuser --name=b --uid=1000 --lock\ngroup --name=c',
      member: "accounts",
      wanted: {
        users: [
          {
            name: "a",
            uid: 1001,
            gid: 1001,
            home: "/home/a",
            shell: "/bin/bash",
            comment: "A B",
            groups: ["wheel", "ops"],
          },
          {
            name: "b",
            uid: 1000,
            gid: 1001 + 1000,
            home: "/home/b",
            shell: "/bin/bash",
            comment: "",
            password: "locked",
          },
        ],
        groups: [
          { name: "c", gid: 1000, members: [] },
          { name: "a", gid: 1001, members: [] },
          { name: "ops", gid: 2000, members: [] },
          { name: "b", gid: 2001, members: [] },
        ],
      },
    },
    {
      name: "the address that a mirror of CentOS 7 had",
      text: "url --url=http://mirror.centos.org/centos/7/os/x86_64/\nrepo --name=c --baseurl=http://mirror.centos.org/centos/7/os/x86_64 --cost=100",
      member: "repositories",
      wanted: [
        {
          urls: ["http://vault.centos.org/7.9.2009/os/x86_64"],
          suites: [],
          components: [],
          flat: "./",
          keys: [],
          only: true,
          insecureUnsigned: false,
          cost: 100,
          position: { file: "ks", line: 1, column: 5 },
        },
      ],
    },
    {
      name: "a repository of which the installer knows where it is",
      text: "repo --name=updates",
      member: "repositories",
      wanted: [],
    },
    {
      name: "the platform of an address",
      text: "url --url=https://a.example/9/os/aarch64/",
      member: "platforms",
      wanted: [{ os: "linux", architecture: "arm64" }],
      distro: "rockylinux:9",
    },
  ];
  for (const { name, text, member, wanted, distro } of rows) {
    it(name, async () => {
      const recipe = await read(`${text}\n${packages}`, distro === undefined ? {} : { distro });
      assert.deepEqual(recipe[member], wanted);
    });
  }
});

describe("passwords in plain text are hashed as openssl does it", needs("openssl"), () => {
  for (const password of ["vagrant", "ünïcode", "x".repeat(130)]) {
    it(JSON.stringify(password.slice(0, 10)), () => {
      const told = run("openssl", ["passwd", "-6", "-salt", "saltstring", "-stdin"], { input: `${password}\n` });
      assert.equal(sha512Crypt(password, "saltstring"), told.trim());
    });
  }
});

describe("%packages", () => {
  const rows: readonly { readonly name: string; readonly text: string; readonly wanted: readonly string[] }[] = [
    { name: "brings the group core", text: "%packages\nbash\n%end", wanted: ["@core", "bash"] },
    { name: "does not with --nocore", text: "%packages --nocore\nbash\n%end", wanted: ["bash"] },
    { name: "names core once", text: "%packages\n@core\n%end", wanted: ["@core"] },
    { name: "has comments behind names", text: "%packages --nocore\ntar # https://x\n# all\n\n%end", wanted: ["tar"] },
    { name: "takes the last line of a name", text: "%packages --nocore\na\n-a\n-b\nb\n%end", wanted: ["!a", "b"] },
    {
      name: "is one in several sections",
      text: "%packages --nocore\na\nb\n%end\n%packages --nocore\n-a\n%end",
      wanted: ["b", "!a"],
    },
    {
      name: "has globs, with or without a backslash",
      text: "%packages --nocore\n-kernel*\n-grub\\*\n-*firmware\n%end",
      wanted: ["!kernel*", "!grub*", "!*firmware"],
    },
    {
      name: "has groups and one environment",
      text: "%packages --nocore\n@^a\n@b\n@^c\n-@d\n@n:18/common\n%end",
      wanted: ["@b", "@^c", "!@d", "@n:18/common"],
    },
    {
      name: "may say how much of a group",
      text: "%packages --nocore\n@development --nodefaults\n%end",
      wanted: ["@development"],
    },
  ];
  for (const { name, text, wanted } of rows) {
    it(name, async () => {
      const recipe = await read(text);
      assert.deepEqual(
        recipe.packages.map(({ request, exclude }) => `${exclude ? "!" : ""}${request}`),
        wanted,
      );
    });
  }
  it("says what is left out", async () => {
    const header = "%packages --excludedocs --instLangs=en:de --nocore --exclude-weakdeps --ignoremissing";
    const { documentation, languages, recommends, ignoreMissing } = await read(`${header}\na\n%end`);
    assert.deepEqual(
      { documentation, languages, recommends, ignoreMissing },
      { documentation: false, languages: ["en", "de"], recommends: false, ignoreMissing: true },
    );
  });
  it("keeps out of groups alone where yum installs", async () => {
    const text = "%packages\n-a\n%end";
    assert.equal((await read(text)).softExcludes, true);
    assert.equal((await read(text, { distro: "rockylinux:9" })).softExcludes, undefined);
  });
});

describe("scripts", () => {
  it("keeps every line of a body, and what the header says", async () => {
    const body = "set -eux\n\n# a comment\n%not a section\n  cat <<'EOF'\n%{x}\nEOF\n";
    const { steps } = await read(
      `${packages}%post --nochroot --erroronfail --interpreter=/usr/bin/python3 --log=/mnt/sysimage/root/x.log\n${body}%end\n`,
    );
    assert.deepEqual(steps, [
      {
        script: body,
        interpreter: "/usr/bin/python3",
        failure: "error",
        log: "/mnt/sysimage/root/x.log",
        outside: true,
        position: { file: "ks", line: 4, column: 1 },
      },
    ]);
  });
  it("ends sections of old files where the next one begins", async () => {
    const { steps, packages: all } = await read("lang en_US\n%packages --nocore\nbash\n%post\necho a\n%post\necho b");
    assert.deepEqual(
      steps?.map(({ script }) => script),
      ["echo a\n", "echo b\n"],
    );
    assert.equal(all.length, 1);
  });
  it("says once what is not run and what has no effect", async () => {
    const { warnings } = await read(
      `text\nbootloader --disable\nreboot\n${packages}%pre\n:\n%end\n%pre\n:\n%end\n%addon com_redhat_kdump --disable\n%end\n`,
    );
    assert.deepEqual(warnings, [
      "ks: of no effect in a container image: text, bootloader, reboot, %addon com_redhat_kdump",
      "ks:7:1: %pre is not run (nor 1 more): it is for the installer's own system, and there is none",
    ]);
  });
});

describe("what is included", () => {
  it("may stand in a section, and end it", async () => {
    const files = { "/parts/list": "tar\n%end\nlang de_DE" };
    const { packages: all, locale } = await read("%packages --nocore\nbash\n%include parts/list\nkeyboard us\n", {
      files,
    });
    assert.deepEqual(
      all.map(({ request }) => request),
      ["bash", "tar"],
    );
    assert.equal(locale, "de_DE.UTF-8");
  });
  it("is relative to the file that names it, and may lie above", async () => {
    const files = { "/a/b/one": "%include ../two", "/a/two": packages };
    const { packages: all } = await read("%include a/b/one", { files });
    assert.deepEqual(all[0]?.position, { file: "a/two", line: 2, column: 1 });
  });
  const refused: readonly {
    readonly name: string;
    readonly text: string;
    readonly files?: Readonly<Record<string, string>>;
    readonly state: RegExp;
    readonly code?: string;
  }[] = [
    { name: "a file that is not there", text: "%include none", state: /no such file/ },
    { name: "itself", text: "%include ks", state: /in a circle/ },
    { name: "a circle", text: "%include b", files: { "/b": "%include ks" }, state: /in a circle/ },
    { name: "nothing", text: "%include", state: /names no file/ },
    {
      name: "what is on another machine",
      text: "%ksappend https://x.example/a",
      state: /another machine/,
      code: "KICKSTART_UNSUPPORTED",
    },
    {
      name: "what %pre would make",
      text: "%pre\necho x > /tmp/part\n%end\n%include /tmp/part",
      state: /%pre script at ks:2 would make it/,
      code: "KICKSTART_UNSUPPORTED",
    },
  ];
  for (const { name, text, files = {}, state, code = "KICKSTART_SYNTAX" } of refused) {
    it(`is not ${name}`, async () => {
      const error = await faultOf(read(text, { files }));
      assert.match(error.message, state);
      assert.equal(error.code, code);
    });
  }
});

describe("--allow-unknown", () => {
  it("passes over what nobody knows, and says so", async () => {
    const text = `frobnicate --x\nlang en_US --frob\n${packages}%postt\nx\n%end\n`;
    const { warnings, locale } = await read(text, { allowUnknown: true });
    assert.equal(locale, "en_US.UTF-8");
    assert.deepEqual(warnings, [
      'ks:1:1: "frobnicate" is passed over: kickstart has no such command',
      'ks:2:12: "--frob" is passed over: lang has no such option',
      'ks:6:1: "%postt" is passed over: kickstart has no such section',
    ]);
  });
  it("does not pass over what is broken", async () => {
    const error = await faultOf(read(`lang "en_US\n${packages}`, { allowUnknown: true }));
    assert.match(error.message, /never closed/);
  });
});

describe("hostile files", () => {
  it("have an end to what they include", async () => {
    const files = Object.fromEntries(
      Array.from({ length: 20 }, (_, index) => [`/f${index}`, `%include f${index + 1}`]),
    );
    assert.match((await faultOf(read("%include f0", { files }))).message, /more than 16 files include one another/);
    const bomb = Object.fromEntries(
      Array.from({ length: 10 }, (_, index) => [`/b${index}`, `%include b${index + 1}\n`.repeat(10)]),
    );
    const error = await faultOf(read("%include b0", { files: { ...bomb, "/b10": "text\n" } }));
    assert.equal(error.code, "KICKSTART_SYNTAX");
  });
  it("have lines of bounded length", async () => {
    const error = await faultOf(read(`lang ${"x".repeat(1 << 20)}\n${packages}`));
    assert.match(error.message, /more than 65536 characters/);
  });
  it("have bounded faults", async () => {
    const error = await faultOf(read(`${"x\n".repeat(50_000)}${packages}`));
    assert.ok(error.cause instanceof AggregateError);
    assert.equal(error.cause.errors.length, 50);
  });
  const values: readonly string[] = [
    "timezone ../../etc/shadow",
    "lang en_US;id",
    "keyboard ../../x",
    "network --hostname='a\tb'",
    "user --name=Root",
    "user --name=a --homedir=b",
    "user --name=a --uid=4294967295",
    "user --name=a --gecos=a:b",
    "user --name=a\nuser --name=a",
    "group --name=a --gid=5\ngroup --name=b --gid=5",
    "sshkey --username=nobody 'ssh-rsa AAAA'",
    "services --enabled=../x",
    "url --url='http://a b/'",
    "url --url=http://a.example:x/9/os",
    "%post\necho \0\n%end",
    "%packages\n@Development Tools\n%end",
    '%packages\nLANG="en"\n%end',
    "part / --size=many",
    "%post --interpreter=bash\n%end",
    "%post --log=/a/../../b\n%end",
    "%certificate --filename=../a --dir=/etc\nx\n%end",
  ];
  for (const text of values) {
    it(`have no ${JSON.stringify(text)}`, async () => {
      assert.equal(
        (await faultOf(read(`${packages}${text}\n`))).code.replace("RECIPE", "KICKSTART"),
        "KICKSTART_SYNTAX",
      );
    });
  }
});

test("a kickstart is known by what is in it", needs(kickstarts), () => {
  const known = globSync(join(kickstarts, "*/**/*ontainer-*.ks")).filter((path) =>
    /^%packages/m.test(readFileSync(path, "utf8")),
  );
  assert.ok(known.length > 5);
  for (const path of known) assert.ok(isKickstartText(readFileSync(path, "utf8")), path);
  for (const text of ["FROM scratch\n", "distro: debian:trixie\npackages: [bash]\n", "", "#!/bin/sh\necho %packages\n"])
    assert.ok(!isKickstartText(text));
});
