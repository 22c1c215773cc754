// The recipe's certificates: each in a file of its own where update-ca-certificates(8) looks for local ones, and behind the
// certificates of every bundle and Java truststore that the image has, as apko adds them. Certificates of packages that say
// they provide some are added too. Beside each bundle lies its checksum, so that somebody can tell that it was not changed.
import { createHash } from "node:crypto";
import { compareBytes } from "../../core/byte-order.ts";
import type { GeneratedFile } from "../../packages/contract.ts";
import type { Effect, EffectContext, EffectResult } from "./contract.ts";
import { addToTruststore } from "./java-truststore.ts";
import { subjectHash } from "./subject-hash.ts";

const localFolder = "usr/local/share/ca-certificates";
const hashFolder = "etc/ssl/certs";
/** Alpine's and Debian's, and those of two environments that bring theirs. */
const bundles: readonly string[] = [
  "etc/ssl/certs/ca-certificates.crt",
  "var/lib/ecs/deps/execute-command/certs/tls-ca-bundle.pem",
  "kaniko/ssl/certs/ca-certificates.crt",
];
const truststores: readonly string[] = ["etc/ssl/certs/java/cacerts"];

export const certificates: Effect = {
  name: "certificates",
  summary: "adds the recipe's certificates to CA bundles and Java truststores",
  covers: [],
  apply,
};

/** The same, and a checksum beside each bundle whether or not it was added to: apko's images have them. */
export const certificatesApko: Effect = {
  name: "certificates-apko",
  summary: "adds the recipe's certificates to CA bundles and Java truststores, and writes checksums of them",
  covers: [],
  apply: (context) => {
    const { files, removed } = apply(context);
    const changed = new Map(files.flatMap((file) => (file.kind === "file" ? [[file.path, file.bytes] as const] : [])));
    const sums = [...bundles, ...truststores].flatMap((path): readonly GeneratedFile[] => {
      const bytes = changed.get(path) ?? (isFile(context, path) ? context.read(path) : undefined);
      return bytes ? [checksumFile(path, bytes)] : [];
    });
    return { files: [...files, ...sums], removed };
  },
};

interface Certificate {
  readonly pem: string;
  readonly der: Uint8Array;
  /** What Java's truststores call it. */
  readonly alias: string;
}

function apply(context: EffectContext): EffectResult {
  const own = (context.certificates?.additional ?? []).map(({ name, pem }) => ({ name, ...certificateOf(pem, name) }));
  const all: readonly Certificate[] = [...own, ...certificatesOfPackages(context)];
  if (all.length === 0) return { files: [], removed: [] };
  const files: readonly GeneratedFile[] = [
    ...own.map(({ alias, pem }): GeneratedFile => fileOf(`${localFolder}/${alias}.crt`, Buffer.from(pem))),
    ...bundles.filter((path) => isFile(context, path)).map((path) => withAppended(context, path, all)),
    ...truststores
      .filter((path) => isFile(context, path))
      .map((path) => replaced(context, path, addToTruststore(context.read(path), all, context.epoch))),
    ...hashLinks(context, own),
  ];
  return { files, removed: [] };
}

function certificateOf(pem: string, name: string): Certificate {
  const [, body = ""] = /-----BEGIN CERTIFICATE-----([^-]*)-----END CERTIFICATE-----/.exec(pem) ?? [];
  const der = Buffer.from(body, "base64");
  return { pem, der, alias: `${name}-${createHash("sha256").update(der).digest("hex")}` };
}

/** Files of packages that provide one of the names, in the order of their paths. What is no certificate is left out. */
function certificatesOfPackages({ certificates: wanted, packages, tree, read }: EffectContext): readonly Certificate[] {
  const providers = new Set(wanted?.providers ?? []);
  if (providers.size === 0) return [];
  const names = new Set(
    packages.filter(({ provides = [] }) => provides.some((one) => providers.has(one))).map(({ name }) => name),
  );
  return [...tree]
    .filter(([path, { entry, owner }]) => entry.kind === "file" && names.has(owner ?? "") && isCertificatePath(path))
    .map(([path]) => path)
    .sort(compareBytes)
    .flatMap((path) => {
      const blocks = Buffer.from(read(path))
        .toString("latin1")
        .match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g);
      return blocks?.length === 1 ? [certificateOf(`${blocks[0]}\n`, "pkg")] : [];
    });
}

const isCertificatePath = (path: string): boolean => path.startsWith(`${localFolder}/`) && /\.(?:crt|pem)$/.test(path);

/** An empty line behind each, as update-ca-certificates leaves it; what a bundle has already is not added again. */
function withAppended(context: EffectContext, path: string, all: readonly Certificate[]): GeneratedFile {
  const before = Buffer.from(context.read(path)).toString("latin1");
  const missing = all.filter(({ pem }) => !before.includes(pem.trim()));
  return replaced(context, path, Buffer.from(`${before}${missing.map(({ pem }) => `${pem}\n`).join("")}`, "latin1"));
}

/** OpenSSL looks in the folder by hash; where packages' certificates are found so, the recipe's are too. */
function hashLinks({ tree }: EffectContext, own: readonly Certificate[]): readonly GeneratedFile[] {
  const taken = new Set([...tree.keys()].filter((path) => /^etc\/ssl\/certs\/[0-9a-f]{8}\.\d+$/.test(path)));
  if (taken.size === 0) return [];
  return own.map(({ der, alias }): GeneratedFile => {
    const hash = subjectHash(der);
    let count = 0;
    while (taken.has(`${hashFolder}/${hash}.${count}`)) count++;
    taken.add(`${hashFolder}/${hash}.${count}`);
    return { kind: "symlink", path: `${hashFolder}/${hash}.${count}`, target: `/${localFolder}/${alias}.crt` };
  });
}

/** In the form of sha256sum(1), with the name as it is in the folder. */
function checksumFile(path: string, bytes: Uint8Array): GeneratedFile {
  const [, folder = "", name = ""] = /^(.*\/)([^/]+)$/.exec(path) ?? [];
  const line = `${createHash("sha256").update(bytes).digest("hex")}  ${name}\n`;
  return { ...fileOf(`${folder}.${name}.sha256`, Buffer.from(line)), mode: 0o444 };
}

const isFile = ({ tree }: EffectContext, path: string): boolean => tree.get(path)?.entry.kind === "file";

function fileOf(path: string, bytes: Uint8Array): GeneratedFile & { readonly kind: "file" } {
  return { kind: "file", path, mode: 0o644, bytes };
}

function replaced({ tree }: EffectContext, path: string, bytes: Uint8Array): GeneratedFile {
  const { mode = 0o644, uid = 0, gid = 0 } = tree.get(path)?.entry ?? {};
  return { kind: "file", path, mode, uid, gid, bytes };
}
