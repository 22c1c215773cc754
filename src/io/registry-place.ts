// Where a registry is: the host that is spoken to, mirrors before it, and whether it may be spoken to without TLS.
import { DodaiError } from "../core/dodai-error.ts";
import { type ImageName, parseImageName } from "../core/image-name.ts";

/** A host that has a repository, under the name that it has there. */
export interface Place {
  /** As names and credentials have it. */
  readonly registry: string;
  /** With its port. */
  readonly host: string;
  readonly repository: string;
}

/** `docker.io`'s interface has a host of its own. */
const hosts: Readonly<Record<string, string>> = { "docker.io": "registry-1.docker.io" };

export function placeOf({ registry, repository }: Pick<ImageName, "registry" | "repository">): Place {
  return { registry, host: hosts[registry] ?? registry, repository };
}

/** A registry, or a part of it, that another one has copies of. */
export interface RegistryMirror {
  /** `docker.io` or `docker.io/library`. */
  readonly of: string;
  /** `mirror.example:5000` or `mirror.example/hub`. */
  readonly at: string;
}

/** Reads `docker.io=mirror.example/hub other.example=...`, with white space between them. Throws USAGE. */
export function parseRegistryMirrors(text: string): readonly RegistryMirror[] {
  const words = text.split(/\s+/).filter((word) => word !== "");
  return words.map((word) => {
    const [, of = "", at = ""] = /^([^=]+)=([^=]+)$/.exec(word) ?? [];
    try {
      // Each side with a repository below it is an image's name.
      for (const side of [of, at]) if (parseImageName(`${side}/x`).registry !== side.split("/")[0]) throw side;
    } catch {
      throw new DodaiError(
        "USAGE",
        `Cannot read mirror "${word}" of DODAI_REGISTRY_MIRRORS: it is not REGISTRY=MIRROR`,
        {
          fix: 'Write it as "docker.io=mirror.example/hub".',
        },
      );
    }
    return { of, at };
  });
}

/** Mirrors in their order, and then the registry itself. */
export function placesOf(name: ImageName, mirrors: readonly RegistryMirror[]): readonly Place[] {
  const whole = `${name.registry}/${name.repository}`;
  const copies = mirrors
    .filter(({ of }) => whole.startsWith(`${of}/`))
    .map(({ of, at }) => placeOf(parseImageName(at + whole.slice(of.length))));
  return [...copies, placeOf(name)];
}

/** What is asked for: a digest before a tag. */
export function referenceOf({ digest, tag = "latest" }: ImageName): string {
  return digest ?? tag;
}
