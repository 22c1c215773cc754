// Kickstarts: what is read is a recipe, and what is written of it is the same recipe.
import { DodaiError } from "../src/core/dodai-error.ts";
import { parsePlatform } from "../src/core/platform.ts";
import type { Recipe } from "../src/core/recipe.ts";
import { loadKickstart } from "../src/frontends/kickstart/load.ts";
import { formatRecipe } from "../src/frontends/native/format.ts";
import { loadRecipe } from "../src/frontends/native/load.ts";
import { assertSame, type Target } from "./contract.ts";
import { fixtures } from "./corpus.ts";
import { mutateStanzas } from "./mutate-text.ts";

const words: readonly string[] = [
  "%packages --nocore\n",
  "\n%end\n",
  "%post --nochroot --log=/mnt/sysimage/x\n",
  "%include ks\n",
  "%certificate --filename=a --type=anchor\n",
  "\nrepo --name=a --baseurl=http://a.example/9/os --cost=1 --install\n",
  "\nuser --name=a --groups=b(1),c --password=x\n",
  "\nrootpw --iscrypted $6$a$aaaaaaaaaaaa\n",
  "\nservices --enabled=a\n",
  "\nsshkey --username=root 'k'\n",
  ..."-@^a @ * ? [ ] # \\ ' \" = -- | > : - ! \t".split(" "),
];

/** No other file is there. */
const world = (files: Readonly<Record<string, string>>) => ({
  readFile: async (path: string) => {
    const text = files[path];
    if (text === undefined) throw new DodaiError("FILE_UNREADABLE", `Cannot read "${path}"`);
    return text;
  },
  hasFile: async (path: string) => Object.hasOwn(files, path),
});

async function readBack(recipe: Recipe): Promise<Recipe> {
  const text = formatRecipe(recipe, { comments: recipe.warnings ?? [] });
  const none = { findBuiltIn: async () => undefined, builtInNames: async () => [] };
  const hostPlatform = parsePlatform("amd64");
  return loadRecipe({ path: "/r.yaml", hostPlatform, world: { ...world({ "/r.yaml": text }), ...none } });
}

const plain = ({ warnings: _, platforms: __, ...recipe }: Recipe): unknown =>
  JSON.parse(
    JSON.stringify(recipe, (key, value) => (key === "position" ? undefined : value)),
    (_key, value) =>
      typeof value === "object" && value !== null && !Array.isArray(value)
        ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
        : value,
  );

const kickstart: Target = {
  name: "kickstart",
  codes: ["KICKSTART_SYNTAX", "KICKSTART_UNSUPPORTED"],
  open: () => ({
    corpus: [
      Buffer.from("%packages --nocore\nbash\n%end\n"),
      ...fixtures("kickstart/{centos,rocky,fedora}/**/*{ontainer,entos-,cloud}*.ks", 60),
    ],
    words,
    mutate: (input, random) => mutateStanzas(input, random, words),
    async run(input) {
      const files = { "/ks": Buffer.from(input).toString() };
      const recipe = await loadKickstart({ path: "/ks", world: world(files), distro: "centos:7", allowUnknown: true });
      assertSame(plain(await readBack(recipe)), plain(recipe), "the kickstart and its recipe");
    },
  }),
};

export const kickstartTargets: readonly Target[] = [kickstart];
