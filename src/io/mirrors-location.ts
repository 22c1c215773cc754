// Where a file of a repository is, given the repository's root and the file's path below it.
import { fileURLToPath } from "node:url";
import { DodaiError } from "../core/dodai-error.ts";
import { describeUrl } from "./http-redact.ts";

export type Location =
  | { readonly kind: "http"; readonly url: URL; readonly text: string }
  | { readonly kind: "file"; readonly path: string; readonly text: string };

/**
 * The place of `path` below `root`: an http(s): or file: URL, or an absolute folder. `path` comes from an index, so it must
 * not leave the root. Throws USAGE for a root, INDEX_SYNTAX for a path that is none.
 */
export function locate(root: string, path: string): Location {
  const segments = cleanSegments(path);
  if (root.startsWith("/")) return inFolder(root, segments);
  const url = URL.parse(root);
  if (url?.protocol === "file:") return inFolder(folderOf(url, root), segments);
  if (url?.protocol !== "http:" && url?.protocol !== "https:") throw unusable(root);
  // Each segment is encoded whole, "+" too: some servers take a bare "+" for a space.
  const base = url.pathname.endsWith("/") ? url.pathname : `${url.pathname}/`;
  url.pathname = base + segments.map(encodeURIComponent).join("/");
  return { kind: "http", url, text: describeUrl(url) };
}

function cleanSegments(path: string): readonly string[] {
  const segments = path.replace(/^(?:\.\/+)+/, "").split("/");
  const bad = (segment: string): boolean => segment === "" || segment === "." || segment === "..";
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
  if (segments.some(bad) || /[\x00-\x1f\x7f\\]/.test(path)) {
    throw new DodaiError("INDEX_SYNTAX", `Cannot fetch ${JSON.stringify(path)}: it is no path below its repository`, {
      fix: "The repository's index is broken or hostile. Tell whoever runs the repository.",
    });
  }
  return segments;
}

function inFolder(root: string, segments: readonly string[]): Location {
  const path = `${root.replace(/\/+$/, "")}/${segments.join("/")}`;
  return { kind: "file", path, text: path };
}

function folderOf(url: URL, root: string): string {
  try {
    return fileURLToPath(url);
  } catch (cause) {
    throw unusable(root, cause);
  }
}

function unusable(root: string, cause?: unknown): DodaiError {
  return new DodaiError(
    "USAGE",
    `Cannot use repository "${describeUrl(root)}": it is no http:, https: or file: URL and no absolute path`,
    {
      fix: "Write a URL such as https://packages.example/debian, or the absolute path of a folder.",
      cause,
    },
  );
}
