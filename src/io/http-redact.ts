// Nothing secret reaches a message: every text of this folder that names a URL passes one of these two.

/** A URL for people: without user name, password, query values and fragment. */
export function describeUrl(url: URL | string): string {
  const parsed = typeof url === "string" ? URL.parse(url) : url;
  if (parsed === null) return redact(String(url));
  const shown = new URL(parsed.href);
  shown.username = "";
  shown.password = "";
  shown.hash = "";
  if (shown.search !== "") shown.search = "?...";
  return shown.href;
}

/** A text of others (an error of Node, a line of a file) with the credentials of every URL in it taken out. */
export function redact(text: string): string {
  // The authority ends at the first of / ? # (RFC 3986, 3.2); the last @ in it ends the credentials.
  return text.replaceAll(/([a-z][a-z0-9+.-]*:\/\/)[^\s/?#]*@/gi, "$1***@");
}
