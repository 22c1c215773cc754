// What Alpine's update-ca-certificates makes when its trigger runs: of the certificates that /etc/ca-certificates.conf lists and
// those of /usr/local, a link by name, a link by the hash of the subject, and all of them in one file.
import { compareBytes } from "../../core/byte-order.ts";
import type { GeneratedFile } from "../../packages/contract.ts";
import { hashLinks } from "./ca-certificates.ts";
import type { Effect, EffectContext, EffectResult } from "./contract.ts";
import { readText } from "./text-file.ts";

const shared = "usr/share/ca-certificates/";
const local = "usr/local/share/ca-certificates/";
const target = "etc/ssl/certs";

export const caCertificatesAlpine: Effect = {
  name: "ca-certificates-alpine",
  summary: "makes the CA bundle and the hash links of Alpine's update-ca-certificates",
  covers: [{ package: "ca-certificates", scripts: [".trigger"] }],
  apply,
};

function apply(context: EffectContext): EffectResult {
  const list = readText(context, "etc/ca-certificates.conf");
  if (list === undefined) return { files: [], removed: [] };
  const listed = list
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#") && !line.startsWith("!"))
    .map((line) => shared + line);
  const own = [...context.tree.keys()]
    .filter((path) => path.startsWith(local) && path.endsWith(".crt"))
    .sort(compareBytes);
  const certificates = [...listed, ...own].flatMap((path) => {
    const pem = readText(context, path);
    return pem === undefined ? [] : [{ path, pem: pem.endsWith("\n") ? pem : `${pem}\n`, link: linkName(path) }];
  });
  const bundle = Buffer.from(certificates.map(({ pem }) => pem).join(""));
  const files: readonly GeneratedFile[] = [
    { kind: "file", path: `${target}/ca-certificates.crt`, mode: 0o644, bytes: bundle },
    ...certificates.map(
      ({ path, link }) => ({ kind: "symlink", path: `${target}/${link}`, target: `/${path}` }) as const,
    ),
    ...hashLinks(certificates),
  ];
  return { files, removed: [] };
}

/** `mozilla/Some_CA.crt` is linked as `ca-cert-Some_CA.pem`. */
function linkName(path: string): string {
  const base = path.slice(path.lastIndexOf("/") + 1).replace(/\.crt$/, "");
  return `ca-cert-${base.replaceAll(/[ ,]/g, "_").replaceAll(/[()]/g, "=")}.pem`;
}
