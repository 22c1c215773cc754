// Scripts and triggers of rpm packages in the order in which rpm runs them, with the same arguments and input: packages that
// rpmbuild made write a log, once installed by rpm and once by a build.
import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { build } from "../../src/build/build.ts";
import type { Recipe } from "../../src/core/recipe.ts";
import { baseRecipe } from "../../src/distros/rpm-family.ts";
import { needs, run } from "../kit/oracle.ts";
import { buildPackages, installWithRpm, mergedUsr, rpmFiles, type SubPackage, shellFiles } from "../kit/rpm-spec.ts";
import { temporaryFolder } from "../kit/temporary.ts";

const isRoot = process.getuid?.() === 0;
const oracles = isRoot ? needs("rpm", "rpmbuild", "createrepo_c") : { skip: "rpm --root needs root" };

const say = (name: string): string => `echo "${name} ($*)" >>/log`;
const list = (name: string): string => `${say(name)}\nwhile read file; do echo "  $file"; done >>/log`;

const shell: SubPackage = { name: "a-shell", copied: shellFiles(), links: mergedUsr, provides: ["/bin/sh"] };

/** Each requires the one before it, so that their order is certain. */
const chain: readonly SubPackage[] = [
  shell,
  {
    name: "base",
    requires: ["a-shell"],
    files: ["/usr/share/base/file"],
    sections: {
      "%transfiletriggerin -- /usr/share/late": list("transfiletriggerin of base: late"),
      "%transfiletriggerin -P 50 -- /usr/share/watch": list("transfiletriggerin of base: watch"),
      "%triggerin -- watcher": say("triggerin of base: watcher"),
    },
  },
  {
    name: "watcher",
    requires: ["base"],
    files: ["/usr/share/watch/file"],
    sections: {
      "%post": say("post of watcher"),
      "%triggerprein -- app": say("triggerprein of watcher: app"),
      "%triggerin -- app >= 1.0": say("triggerin of watcher: app >= 1.0"),
      "%triggerin -- app < 1.0": say("triggerin of watcher: app < 1.0"),
      "%triggerin -- base, late": say("triggerin of watcher: base or late"),
      "%triggerin -- watcher": say("triggerin of watcher: itself"),
      "%triggerin -- virtual": say("triggerin of watcher: virtual"),
      "%triggerun -- app": say("triggerun of watcher"),
      "%triggerpostun -- app": say("triggerpostun of watcher"),
      "%filetriggerin -- /usr/share/app": list("filetriggerin of watcher: app"),
      "%filetriggerin -P 20000 -- /usr/share/app /opt": list("filetriggerin of watcher: early"),
      "%filetriggerin -P 100 -- /usr/share": list("filetriggerin of watcher: late"),
      "%transfiletriggerin -- /usr/share/app": list("transfiletriggerin of watcher: app"),
    },
  },
  {
    name: "app",
    requires: ["watcher"],
    provides: ["virtual"],
    files: ["/usr/share/app/one", "/usr/share/app/two", "/usr/share/app-more/file", "/opt/app/file"],
    listed: ["%ghost /usr/share/app/ghost"],
    sections: {
      "%pretrans": say("pretrans of app"),
      "%pre": say("pre of app"),
      "%post": say("post of app"),
      "%posttrans": say("posttrans of app"),
      "%preun": say("preun of app"),
    },
  },
  {
    name: "late",
    requires: ["app"],
    files: ["/usr/share/late/file"],
    sections: {
      "%pre": say("pre of late"),
      "%post": say("post of late"),
      "%triggerprein -- app": say("triggerprein of late: app"),
      "%triggerin -- app, base": say("triggerin of late: app or base"),
      "%triggerin -- final": say("triggerin of late: final"),
      "%filetriggerin -P 500 -- /usr/share/app /usr/share/late": list("filetriggerin of late: app"),
      "%filetriggerun -- /usr": list("filetriggerun of late"),
      "%transfiletriggerin -P 2000000 -- /usr/share /opt": list("transfiletriggerin of late: all"),
      "%transfiletriggerin -- /nothing": list("transfiletriggerin of late: nothing"),
    },
  },
  {
    name: "final",
    requires: ["late"],
    sections: {
      '%pre -p "/bin/sh -u"': `${say("pre of final")}; case $- in *u*) echo "  with -u" >>/log; esac`,
      "%post": say("post of final"),
      "%posttrans -p /bin/sh": say("posttrans of final"),
    },
  },
];

const lua = (text: string): string => `local log = io.open("/log", "a")\n${text}\nlog:close()`;

/** Scripts that only rpm itself can run. */
const own: readonly SubPackage[] = [
  shell,
  { name: "rpm-here", requires: ["a-shell"], copied: rpmFiles() },
  {
    name: "watcher",
    requires: ["rpm-here"],
    sections: {
      "%pre -p <lua>": lua('log:write("pre of watcher ", type(arg[2]), arg[2], #arg, "\\n"); posix.mkdir("/made")'),
      "%post -p <lua>": lua('log:write("post of watcher ", posix.stat("/made", "type"), "\\n")'),
      "%triggerin -p <lua> -- app": lua('log:write("triggerin of watcher ", arg[2] + arg[3], "\\n")'),
      "%filetriggerin -p <lua> -- /usr/share/app": lua(
        'local file = rpm.next_file()\nwhile file do log:write("  ", file, "\\n"); file = rpm.next_file() end',
      ),
      "%posttrans -p <lua>": `${lua('log:write("posttrans of watcher\\n")')}\nerror("of no consequence")`,
    },
  },
  {
    name: "app",
    requires: ["watcher"],
    files: ["/usr/share/app/one", "/usr/share/app/two"],
    sections: {
      "%pre -p <lua>": lua('log:write("pre of app ", rpm.vercmp("1.10", "1.9"), "\\n")'),
      "%post -e": 'echo "post of app %%{_bindir} ($*)" >>/log',
    },
  },
];

interface Place {
  readonly folder: string;
  readonly files: readonly string[];
}

async function makePackages(t: TestContext, packages: readonly SubPackage[]): Promise<Place> {
  const folder = await temporaryFolder(t);
  const files = buildPackages(join(folder, "build"), packages);
  mkdirSync(join(folder, "repository"));
  for (const file of files) copyFileSync(file, join(folder, "repository", basename(file)));
  run("createrepo_c", ["-q", join(folder, "repository")]);
  return { folder, files };
}

function recipeFor({ folder }: Place, words: readonly string[]): Recipe {
  return {
    ...baseRecipe("scripts", { name: "centos", release: "stream9" }, "empty"),
    packages: words.map((request) => ({ request, exclude: false })),
    repositories: [
      {
        ...{ urls: [join(folder, "repository")], suites: [], flat: "./", components: [], keys: [] },
        ...{ only: true, insecureUnsigned: true },
      },
    ],
  };
}

const lines = (root: string): readonly string[] => readFileSync(join(root, "log"), "utf8").split("\n");

/** The log of a build, that of rpm, and which scripts failed. */
async function logsOf(t: TestContext, packages: readonly SubPackage[]): Promise<readonly (readonly string[])[]> {
  const place = await makePackages(t, packages);
  const [mine, theirs] = [join(place.folder, "root"), join(place.folder, "rpm-root")];
  const { platforms } = await build({
    hostRoot: "",
    now: new Date("2026-11-24"),
    recipe: recipeFor(place, [packages.at(-1)?.name ?? ""]),
    cacheDirectory: join(place.folder, "cache"),
    outputs: [{ kind: "dir", destination: mine }],
  });
  installWithRpm(theirs, place.files);
  const failed = (platforms[0]?.scripts ?? []).flatMap(({ script, exitCode }) =>
    exitCode ? [`${script} ${exitCode}`] : [],
  );
  return [lines(mine), lines(theirs), failed];
}

describe("scripts of rpm packages", oracles, () => {
  it("run as rpm runs them: the same in the same order, with the same arguments and input", async (t) => {
    const [mine = [], theirs] = await logsOf(t, chain);
    assert.deepEqual(mine, theirs);
    assert.equal(mine.length, 69);
  });
  it("run as rpm runs them in its own Lua, and with macros expanded", async (t) => {
    const [mine = [], theirs, failed] = await logsOf(t, own);
    assert.deepEqual(failed, ["posttrans 1"]);
    assert.deepEqual(mine, theirs);
    assert.equal(mine.length, 9);
  });
});
