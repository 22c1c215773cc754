// Roots that are lists of mirrors: `metalink+https://...` and `mirrorlist+https://...`. A list is fetched when one of its
// mirrors is first needed, once in a run; what a metalink says of repomd.xml is held against whichever mirror gives it.
import { createHash } from "node:crypto";
import { collect } from "../core/bytes.ts";
import type { MirrorList } from "../packages/rpm/metalink.ts";
import type { HttpClient } from "./http.ts";
import { HttpFault } from "./http-fault.ts";
import { describeUrl } from "./http-redact.ts";

export interface MirrorLists {
  /** The roots, with those of lists in the place of the lists. Throws what fetching a list throws. */
  expand(roots: readonly string[]): Promise<readonly string[]>;
  /** Throws HttpFault for a repomd.xml that no list of these roots vouches for, where one says what it must be. */
  assertVouched(roots: readonly string[], path: string, bytes: Uint8Array): Promise<void>;
}

const listSyntax = /^(?:metalink|mirrorlist)\+(https?:\/\/.+)$/;
const maxListBytes = 4 << 20;
/** So many mirrors of a list are tried. */
const maxMirrors = 10;

export function createMirrorLists(http: HttpClient): MirrorLists {
  const known = new Map<string, Promise<MirrorList>>();
  const listOf = (url: string): Promise<MirrorList> => {
    const before = known.get(url);
    if (before) return before;
    const started = fetchList(url, http);
    known.set(url, started);
    return started;
  };
  const listsIn = (roots: readonly string[]): readonly string[] =>
    roots.flatMap((root) => listSyntax.exec(root)?.[1] ?? []);
  return {
    expand: async (roots) => {
      if (listsIn(roots).length === 0) return roots;
      const all = await Promise.all(
        roots.map(async (root) => {
          const url = listSyntax.exec(root)?.[1];
          return url === undefined ? [root] : (await listOf(url)).urls.slice(0, maxMirrors);
        }),
      );
      return all.flat();
    },
    assertVouched: async (roots, path, bytes) => {
      if (!path.endsWith("repodata/repomd.xml")) return;
      const lists = await Promise.all(listsIn(roots).map(listOf));
      const wanted = lists.flatMap(({ repomd }) => repomd);
      if (wanted.length === 0) return;
      const hexOf = (algorithm: string): string => createHash(algorithm).update(bytes).digest("hex");
      if (wanted.some(({ algorithm, hex }) => hexOf(algorithm) === hex)) return;
      throw new HttpFault("mismatch", "it is not the file that the list of mirrors vouches for");
    },
  };
}

async function fetchList(text: string, http: HttpClient): Promise<MirrorList> {
  const { parseMirrorList } = await import("../packages/rpm/metalink.ts");
  const what = `the list of mirrors "${describeUrl(text)}"`;
  const bytes = http.read(new URL(text), { maxBytes: maxListBytes, checked: false });
  return parseMirrorList(await collect(bytes, { maxBytes: maxListBytes, what, code: "DOWNLOAD_FAILED" }), what);
}
