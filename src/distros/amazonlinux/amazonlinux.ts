// Amazon Linux: its packages are below folders that only a list names, which is the list of one state of the release.
import { parsePlatform } from "../../core/platform.ts";
import type { Distribution } from "../contract.ts";
import { fullRecipes, type RpmRelease, rpmDistribution } from "../rpm-family.ts";
import { amazonlinuxKeys } from "./keys.ts";

const platforms = ["amd64", "arm64"].map(parsePlatform);
const mergedUsr = ["bin", "lib", "lib64", "sbin"];
const keysOf = (name: string): RpmRelease["keys"] => [amazonlinuxKeys[name]].filter((key) => key !== undefined);

const releases: readonly RpmRelease[] = [
  {
    name: "2023",
    aliases: ["al2023"],
    platforms,
    keys: keysOf("2023"),
    root: "https://cdn.amazonlinux.com",
    repositories: { core: "al2023/core/$basearch" },
    mirrorLists: { core: "https://cdn.amazonlinux.com/al2023/core/mirrors/latest/$basearch/mirror.list" },
    database: { folder: "var/lib/rpm", backend: "sqlite" },
    mergedUsr,
    variants: {
      micro: ["bash", "coreutils-single", "glibc-minimal-langpack", "system-release"],
      minimal: ["bash", "coreutils-single", "glibc-minimal-langpack", "microdnf", "rpm", "system-release"],
      full: [
        ...["amazon-linux-repo-cdn", "bash", "ca-certificates", "coreutils-single", "curl-minimal", "dnf"],
        ...["glibc-minimal-langpack", "gnupg2-minimal", "rpm", "system-release", "yum"],
      ],
    },
  },
  {
    name: "2",
    aliases: ["al2"],
    platforms,
    keys: keysOf("2"),
    root: "https://cdn.amazonlinux.com",
    repositories: { core: "2/core/$basearch" },
    mirrorLists: { core: "https://cdn.amazonlinux.com/2/core/latest/$basearch/mirror.list" },
    // rpm 4.11 has Berkeley DB alone.
    database: { folder: "var/lib/rpm", backend: "berkeley" },
    mergedUsr,
    variants: {
      minimal: ["bash", "coreutils", "rpm", "system-release"],
      full: ["amazon-linux-extras", "bash", "coreutils", "curl", "rpm", "system-release", "yum", "yum-plugin-ovl"],
    },
  },
];

const spec = { name: "amazonlinux", ids: ["amzn"], title: "Amazon Linux", releases };

export const amazonlinux: Distribution = rpmDistribution({ ...spec, recipes: fullRecipes(spec) });
