// Which proxy a request goes through, by the variables that curl, apt and most others read.
// Node's own matching of NO_PROXY is not used: it takes "example.org" for that one host alone, others for its children too.
import { isIP } from "node:net";
import { DodaiError } from "../core/dodai-error.ts";
import { describeUrl } from "./http-redact.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** The proxy for `url`, or `undefined` for a direct connection. Throws USAGE for a proxy that is not http: or https:. */
export function proxyFor(url: URL, environment: Environment): URL | undefined {
  // What is on this machine is not asked of another, as Go's programs have it too.
  if (isLoopback(url.host)) return undefined;
  const names = url.protocol === "https:" ? ["https_proxy", "all_proxy"] : ["http_proxy", "all_proxy"];
  const text = names.map((name) => variable(environment, name)).find((value) => value !== "") ?? "";
  if (text === "" || isExempt(url, variable(environment, "no_proxy"))) return undefined;
  const proxy = URL.parse(text.includes("://") ? text : `http://${text}`);
  if (proxy === null || !["http:", "https:"].includes(proxy.protocol)) {
    throw new DodaiError("USAGE", `Cannot use proxy "${describeUrl(text)}": it is not an http: or https: URL`, {
      fix: `Set ${names[0]} to a URL such as http://proxy.example:3128, or unset it.`,
    });
  }
  return proxy;
}

/** Hosts that are this machine: nobody is between. */
export function isLoopback(host: string): boolean {
  const name = host.replace(/:\d+$/, "");
  return name === "localhost" || name === "[::1]" || /^127(?:\.\d{1,3}){3}$/.test(name);
}

/** The lower-case name wins, as with curl. */
function variable(environment: Environment, name: string): string {
  return (environment[name] ?? environment[name.toUpperCase()] ?? "").trim();
}

function isExempt(url: URL, noProxy: string): boolean {
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const port = url.port || (url.protocol === "https:" ? "443" : "80");
  return noProxy
    .split(/[\s,]+/)
    .filter((entry) => entry !== "")
    .some((entry) => matches(entry.toLowerCase(), host, port));
}

/** One entry: `*`, a host, `.domain` or `*.domain`, an address; all but addresses of IPv6 with an optional `:port`. */
function matches(entry: string, host: string, port: string): boolean {
  if (entry === "*") return true;
  if (isIP(entry) === 6) return entry === host;
  const [, name = "", wantedPort] = /^\[?([^\]]*?)\]?(?::(\d+))?$/.exec(entry) ?? [];
  if (wantedPort !== undefined && wantedPort !== port) return false;
  const domain = name.replace(/^\*?\./, "");
  if (domain === "") return false;
  return host === domain || (isIP(host) === 0 && host.endsWith(`.${domain}`));
}
