// Choosing an image out of a Docker archive (moby, image spec v1.2): manifest.json, config, layers by diffId.
import { sha256 } from "../core/digest.ts";
import { DodaiError } from "../core/dodai-error.ts";
import { formatImageName, parseImageName } from "../core/image-name.ts";
import { formatPlatform } from "../core/platform.ts";
import {
  brokenImage,
  type DockerImage,
  type DocumentText,
  parseConfig,
  parseDockerManifest,
} from "../image/read-documents.ts";
import { type ImageFiles, readDocument } from "./image-files.ts";
import type { ImageChoice, InputImage } from "./image-input-contract.ts";
import { imageFix, openLayer } from "./image-input-layer.ts";
import { platformMissing } from "./image-input-oci.ts";

/** Throws IMAGE_BROKEN, IMAGE_UNKNOWN, PLATFORM_UNSUPPORTED, USAGE, DIGEST_MISMATCH. */
export async function chooseDockerImage(files: ImageFiles, choice: ImageChoice): Promise<InputImage> {
  const { image, document } = await findDockerImage(files, choice.reference);
  const config = parseConfig(document);
  if (config.diffIds.length !== image.layers.length) {
    throw brokenImage(
      document.what,
      `it tells of ${config.diffIds.length} layers, and there are ${image.layers.length}`,
    );
  }
  const wanted = choice.platform && formatPlatform(choice.platform);
  if (wanted !== undefined && wanted !== config.platform) throw platformMissing(files.place, wanted, [config.platform]);
  const layers = image.layers.map(async (path, index) => {
    const diffId = config.diffIds[index];
    const sizeBytes = await files.sizeOf(path);
    if (diffId === undefined || sizeBytes === undefined)
      throw brokenImage(`"${path}" of "${files.place}"`, "it is not there");
    const what = `layer ${index + 1} of "${files.place}"`;
    return { digest: undefined, sizeBytes, open: () => openLayer({ bytes: files.open(path), diffId, what }) };
  });
  return { digest: undefined, config, layers: await Promise.all(layers) };
}

/** The image of the archive that a tag or a name stands for, and its config's text. */
export async function findDockerImage(
  files: ImageFiles,
  reference: string | undefined,
): Promise<{ readonly image: DockerImage; readonly document: DocumentText }> {
  const images = parseDockerManifest(await readDocument(files, "manifest.json"));
  const image = chooseNamed(images, { reference }, files.place);
  const document = await readDocument(files, image.config);
  assertNamedAfter(image.config, document);
  return { image, document };
}

function chooseNamed(
  images: readonly DockerImage[],
  { reference }: Pick<ImageChoice, "reference">,
  place: string,
): DockerImage {
  const named =
    reference === undefined ? images : images.filter(({ names }) => names.some((name) => isName(name, reference)));
  const [only] = named;
  if (only && named.length === 1) return only;
  const known = images
    .flatMap(({ names }) => names)
    .slice(0, 20)
    .join(", ");
  if (only) {
    throw new DodaiError("USAGE", `Cannot choose from "${place}": it holds several images`, {
      fix: `Name one, as in "${place}:TAG". There are ${known}.`,
    });
  }
  if (reference === undefined) throw brokenImage(`"${place}"`, "there is no image in it");
  throw new DodaiError("IMAGE_UNKNOWN", `Cannot find "${reference}" in "${place}": it holds no such image`, {
    fix: `It holds ${known || "images without names"}.`,
  });
}

/** By its tag alone, or its whole name. */
function isName(name: string, reference: string): boolean {
  if (name === reference || name.slice(name.lastIndexOf(":") + 1) === reference) return true;
  try {
    return formatImageName(parseImageName(reference)) === formatImageName(parseImageName(name));
  } catch (error) {
    if (error instanceof DodaiError) return false;
    throw error;
  }
}

/** The config's digest is its name (`HEX.json`, `blobs/sha256/HEX`); some writers have other names, which say nothing. */
function assertNamedAfter(path: string, { what, text }: DocumentText): void {
  const [, hex] = /(?:^|[/:])([0-9a-f]{64})(?:\.json)?$/.exec(path) ?? [];
  if (hex === undefined || sha256(text) === `sha256:${hex}`) return;
  throw new DodaiError(
    "DIGEST_MISMATCH",
    `Cannot use ${what}: its digest is ${sha256(text)}, wanted that of its name`,
    {
      fix: imageFix,
    },
  );
}
