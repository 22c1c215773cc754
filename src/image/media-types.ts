/** Media types of the OCI image-spec (media-types.md). What dodai writes. */
export const ociTypes = {
  index: "application/vnd.oci.image.index.v1+json",
  manifest: "application/vnd.oci.image.manifest.v1+json",
  config: "application/vnd.oci.image.config.v1+json",
  layer: "application/vnd.oci.image.layer.v1.tar",
  layerGzip: "application/vnd.oci.image.layer.v1.tar+gzip",
  layerZstd: "application/vnd.oci.image.layer.v1.tar+zstd",
} as const;

/** The Docker types that media-types.md ("Compatibility Matrix") calls interchangeable. Only read. */
export const dockerTypes = {
  index: "application/vnd.docker.distribution.manifest.list.v2+json",
  manifest: "application/vnd.docker.distribution.manifest.v2+json",
  config: "application/vnd.docker.container.image.v1+json",
  layer: "application/vnd.docker.image.rootfs.diff.tar",
  layerGzip: "application/vnd.docker.image.rootfs.diff.tar.gzip",
} as const;

/** How a layer's tar is stored. */
export type LayerCompression = "none" | "gzip" | "zstd";

export type LayerMediaType = (typeof ociTypes)["layer" | "layerGzip" | "layerZstd"];

export function layerMediaType(compression: LayerCompression): LayerMediaType {
  return { none: ociTypes.layer, gzip: ociTypes.layerGzip, zstd: ociTypes.layerZstd }[compression];
}
