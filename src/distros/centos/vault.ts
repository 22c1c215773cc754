// Where CentOS 7 went when it ended: every mirror dropped it, and what kickstarts and .repo files name is in the vault alone.

/** What public mirrors of CentOS were called; a mirror of somebody's own may well have it still. */
const publicMirrors = /^(?:mirror|mirrorsnap|mirrors|msync)\.centos\.org$|^mirrors(?:\.edge)?\.kernel\.org$/;

/** The last release of 7, which `7` meant. */
const lastRelease = "7.9.2009";

/** The address in the vault of a repository of CentOS 7 on a public mirror; `undefined` for any other address. */
export function vaultAddress(address: string): string | undefined {
  const [, host = "", path = ""] = /^https?:\/\/([^/]+)\/(.*)$/.exec(address) ?? [];
  if (!publicMirrors.test(host)) return undefined;
  const found = /(?:^|\/)(centos|altarch)\/7(\.[\d.]+)?\/([\w/$-]+?)\/?$/.exec(path);
  if (!found) return undefined;
  const [, tree, minor, repository] = found;
  const release = minor === undefined ? lastRelease : `7${minor}`;
  return `http://vault.centos.org/${tree === "altarch" ? "altarch/" : ""}${release}/${repository}`;
}
