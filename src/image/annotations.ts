import type { Annotations } from "./descriptor.ts";
import { formatEpoch } from "./epoch.ts";

/** Facts about an image that have a key of their own (image-spec, annotations.md, "Pre-Defined Annotation Keys"). */
export interface AnnotationFacts {
  readonly title?: string;
  readonly description?: string;
  readonly version?: string;
  readonly source?: string;
  readonly revision?: string;
  readonly vendor?: string;
  readonly licenses?: string;
  /** Whole name of the image below, when there is one: `docker.io/library/debian:trixie`. */
  readonly baseName?: string;
  readonly baseDigest?: string;
}

const keys = {
  title: "title",
  description: "description",
  version: "version",
  source: "source",
  revision: "revision",
  vendor: "vendor",
  licenses: "licenses",
  baseName: "base.name",
  baseDigest: "base.digest",
} as const satisfies Record<keyof AnnotationFacts, string>;

const prefix = "org.opencontainers.image.";

/** Annotation of a descriptor in a layout's `index.json` that names it: the tag, for skopeo, podman and umoci. */
export const refNameKey = "org.opencontainers.image.ref.name";

/** The same for containerd and newer Docker, which take the whole name from here. */
export const containerdNameKey = "io.containerd.image.name";

/** Annotations of a manifest or index: the facts, when it was made, and over them the recipe's `own`. */
export function imageAnnotations(epoch: number, facts: AnnotationFacts = {}, own: Annotations = {}): Annotations {
  const known: Record<string, string> = { [`${prefix}created`]: formatEpoch(epoch) };
  for (const [fact, key] of Object.entries(keys)) {
    const value = facts[fact as keyof AnnotationFacts];
    if (value !== undefined) known[prefix + key] = value;
  }
  return { ...known, ...own };
}
