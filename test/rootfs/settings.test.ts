// What a recipe says of the system in the image, as files of each distribution.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { plainRecipe, type RecipeUser } from "../../src/core/recipe.ts";
import type { SettingsContext, SystemSettings } from "../../src/rootfs/settings/contract.ts";
import { settingsResult } from "../../src/rootfs/settings/settings.ts";
import { entryOf, treeOf } from "../kit/tree.ts";

const epoch = 1_700_000_000;
const day = 19_675;

interface Case {
  readonly format?: string;
  readonly tree?: readonly string[];
  readonly settings: Partial<SystemSettings>;
}

/** A line for each file: `path = text`, `path -> target`, with mode where it is another than usual; `- path` for what goes. */
function told({ format = "rpm", tree: lines = [], settings }: Case): readonly string[] {
  const all = lines.map((line) => line.replaceAll("\\n", "\n"));
  const texts = new Map(all.map((line) => [entryOf(line.split("\n")[0] ?? "").path, line.split(" = ")[1] ?? ""]));
  const tree = treeOf(all.map((line) => line.split("\n")[0] ?? ""));
  const context: SettingsContext = { tree, format, epoch, read: (path) => Buffer.from(texts.get(path) ?? "") };
  const { files, removed, warnings } = settingsResult({ ...plainRecipe, ...settings }, context);
  return [
    ...files.map((file) => {
      if (file.kind === "symlink") return `${file.path} -> ${file.target}`;
      const text = file.kind === "file" ? ` = ${Buffer.from(file.bytes).toString()}` : "";
      return `${file.path}${file.mode === 0o644 ? "" : ` ${file.mode.toString(8)}`}${text}`.replaceAll("\n", "\\n");
    }),
    ...removed.map((path) => `- ${path}`),
    ...warnings.map((text) => `! ${text}`),
  ];
}

const zones = ["usr/share/zoneinfo/", "usr/share/zoneinfo/UTC", "usr/share/zoneinfo/Europe/Berlin"];
const unit = (name: string, install: string): string =>
  `usr/lib/systemd/system/${name} = [Unit]\\nWantedBy=no\\n[Install]\\n${install}\\n`;
const noServices = { enabled: [], disabled: [], masked: [] };
const user = (more: Partial<RecipeUser>): RecipeUser => ({
  ...{ name: "app", uid: 1000, gid: 1000, home: "/home/app", shell: "/bin/sh", comment: "" },
  ...more,
});
const accounts = (more: Partial<SystemSettings["accounts"]>): Partial<SystemSettings> => ({
  accounts: { users: [], groups: [], ...more },
});
const passwd = "etc/passwd = root:x:0:0::/root:/bin/sh\\napp:x:1000:1000::/:/bin/sh\\n";

const cases: readonly (Case & { readonly name: string; readonly result: readonly string[] })[] = [
  { name: "nothing", settings: {}, result: [] },
  { name: "a locale", settings: { locale: "en_US.UTF-8" }, result: ['etc/locale.conf = LANG="en_US.UTF-8"\\n'] },
  {
    name: "a locale on Debian",
    format: "deb",
    settings: { locale: "de_DE.UTF-8" },
    result: ["etc/default/locale = LANG=de_DE.UTF-8\\n"],
  },
  {
    name: "a locale where Debian has it in locale.conf",
    format: "deb",
    tree: ["etc/", "etc/default/", "etc/default/locale -> ../locale.conf", "etc/locale.conf = LANG=C\\n"],
    settings: { locale: "C.UTF-8" },
    result: ["etc/locale.conf = LANG=C.UTF-8\\n"],
  },
  { name: "a keymap", settings: { keymap: "us" }, result: ['etc/vconsole.conf = KEYMAP="us"\\n'] },
  {
    name: "a keymap on Debian",
    format: "deb",
    settings: { keymap: "de" },
    result: [
      'etc/default/keyboard = XKBMODEL="pc105"\\nXKBLAYOUT="de"\\nXKBVARIANT=""\\nXKBOPTIONS=""\\n\\nBACKSPACE="guess"\\n',
    ],
  },
  { name: "a name", settings: { hostname: "a.b" }, result: ["etc/hostname = a.b\\n"] },
  {
    name: "a time zone",
    tree: zones,
    settings: { timezone: "Europe/Berlin" },
    result: ["etc/localtime -> ../usr/share/zoneinfo/Europe/Berlin"],
  },
  {
    name: "a time zone on Debian",
    format: "deb",
    tree: zones,
    settings: { timezone: "Europe/Berlin" },
    result: ["etc/localtime -> /usr/share/zoneinfo/Europe/Berlin", "etc/timezone = Europe/Berlin\\n"],
  },
  {
    name: "UTC without tzdata",
    settings: { timezone: "Etc/UTC" },
    result: ["etc/localtime -> ../usr/share/zoneinfo/Etc/UTC"],
  },
  {
    name: "a time zone without tzdata",
    settings: { timezone: "Asia/Tokyo" },
    result: [
      "etc/localtime -> ../usr/share/zoneinfo/Asia/Tokyo",
      "! time zone Asia/Tokyo has no effect: the image has no /usr/share/zoneinfo; add tzdata to packages",
    ],
  },
  {
    name: "services with all that enabling one implies",
    tree: [
      unit("a.service", "WantedBy=multi-user.target\\nAlso=a.socket\\nAlias=alias.service ../x"),
      unit("a.socket", "RequiredBy=sockets.target"),
      unit("getty@.service", "WantedBy=getty.target"),
    ],
    settings: { services: { ...noServices, enabled: ["a", "getty@tty1.service"] } },
    result: [
      "etc/systemd/system/multi-user.target.wants/a.service -> /usr/lib/systemd/system/a.service",
      "etc/systemd/system/sockets.target.requires/a.socket -> /usr/lib/systemd/system/a.socket",
      "etc/systemd/system/alias.service -> /usr/lib/systemd/system/a.service",
      "etc/systemd/system/getty.target.wants/getty@tty1.service -> /usr/lib/systemd/system/getty@.service",
    ],
  },
  {
    name: "services that are off",
    tree: [
      "etc/systemd/system/multi-user.target.wants/a.service -> /usr/lib/systemd/system/a.service",
      "etc/systemd/system/also-a.service -> /usr/lib/systemd/system/a.service",
      "etc/systemd/system/multi-user.target.wants/b.service -> /usr/lib/systemd/system/b.service",
    ],
    settings: { services: { enabled: [], disabled: ["a"], masked: ["getty.target"] } },
    result: [
      "etc/systemd/system/getty.target -> /dev/null",
      "- etc/systemd/system/also-a.service",
      "- etc/systemd/system/multi-user.target.wants/a.service",
    ],
  },
  {
    name: "services of OpenRC",
    format: "apk",
    tree: ["etc/init.d/sshd", "etc/runlevels/boot/mdev -> /etc/init.d/mdev"],
    settings: { services: { ...noServices, enabled: ["sshd"], disabled: ["mdev"] } },
    result: ["etc/runlevels/default/sshd -> /etc/init.d/sshd", "- etc/runlevels/boot/mdev"],
  },
  {
    name: "a locked root",
    tree: [passwd, "etc/shadow = root:*:1:0:99999:7:::\\nbin:*:1::::::\\n"],
    settings: accounts({ rootPassword: "locked" }),
    result: ["etc/shadow = root:!*:1:0:99999:7:::\\nbin:*:1::::::\\n"],
  },
  {
    name: "passwords where there is no shadow",
    format: "deb",
    tree: ["etc/passwd = root::0:0::/root:/bin/sh\\napp:x:1000:1000::/:/bin/sh\\n"],
    settings: accounts({ rootPassword: "$6$salt$hash", users: [user({ password: "locked" })] }),
    result: [
      "etc/passwd = root:x:0:0::/root:/bin/sh\\napp:x:1000:1000::/:/bin/sh\\n",
      `etc/shadow 640 = root:$6$salt$hash:${day}:0:99999:7:::\\napp:!*:${day}:0:99999:7:::\\n`,
    ],
  },
  {
    name: "further groups",
    tree: [passwd, "etc/group = wheel:x:10:root\\nrest:x:11:\\n", "etc/gshadow = wheel:::root\\n"],
    settings: accounts({ users: [user({ groups: ["wheel"] })] }),
    result: ["etc/group = wheel:x:10:root,app\\nrest:x:11:\\n", "etc/gshadow = wheel:::root,app\\n"],
  },
];

describe("settings", () => {
  for (const { name, result, ...one } of cases) {
    it(`say ${name}`, () => assert.deepEqual(told(one), result));
  }

  const refused: readonly (Case & { readonly name: string; readonly message: RegExp })[] = [
    {
      name: "a zone that tzdata has not",
      tree: zones,
      settings: { timezone: "Europe/Nowhere" },
      message: /no such zone/,
    },
    {
      name: "a unit that is not there",
      settings: { services: { ...noServices, enabled: ["no"] } },
      message: /Cannot enable "no.service"/,
    },
    {
      name: "masks on Alpine",
      format: "apk",
      settings: { services: { ...noServices, masked: ["a"] } },
      message: /OpenRC masks nothing/,
    },
    {
      name: "a password without accounts",
      settings: accounts({ rootPassword: "locked" }),
      message: /no \/etc\/passwd/,
    },
    {
      name: "a group that is not there",
      tree: [passwd, "etc/group = root:x:0:\\n"],
      settings: accounts({ users: [user({ groups: ["wheel"] })] }),
      message: /no such group/,
    },
  ];
  for (const { name, message, ...one } of refused) {
    it(`refuse ${name}`, () => assert.throws(() => told(one), { message }));
  }
});
