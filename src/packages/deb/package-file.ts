// A stand-in until the whole reader is there: members in their order, control gathered, data streamed.
import { readAr } from "../../archive/ar.ts";
import { compressionOfName } from "../../archive/compression.ts";
import { decompress } from "../../archive/decompress.ts";
import type { ArchiveItem } from "../../archive/entry.ts";
import { readTar } from "../../archive/tar.ts";
import { type Bytes, collect } from "../../core/bytes.ts";
import { DodaiError } from "../../core/dodai-error.ts";
import type { ControlMember, PackageFile, PackageLimits } from "../contract.ts";

const maxHeaderBytes = 1 << 20;

export async function openPackage(bytes: Bytes, limits: PackageLimits): Promise<PackageFile> {
  const members = readAr(bytes, { maxEntries: 100, maxTotalBytes: limits.maxTreeBytes, what: "the package" });
  let control: readonly ControlMember[] = [];
  for (;;) {
    const next = await members.next();
    if (next.done) throw new DodaiError("PACKAGE_BROKEN", "Cannot read the package: it has no data.tar");
    const { name, body } = next.value;
    if (name.startsWith("control.tar")) control = await readControl(name, body, limits);
    if (name.startsWith("data.tar")) return { control, items: readData(name, body, limits) };
    for await (const _rest of body);
  }
}

async function readControl(name: string, body: Bytes, { maxControlBytes, maxEntries }: PackageLimits): Promise<readonly ControlMember[]> {
  const control: ControlMember[] = [];
  const plain = decompress(body, { compression: compressionOfName(name), maxBytes: maxControlBytes, what: name });
  for await (const item of readTar(plain, { maxEntries, maxTotalBytes: maxControlBytes, maxHeaderBytes, what: name })) {
    if (item.entry.kind !== "file") continue;
    control.push({ name: item.entry.path, mode: item.entry.mode, bytes: await collect(item.body, { maxBytes: maxControlBytes, what: name }) });
  }
  return control;
}

function readData(name: string, body: Bytes, { maxTreeBytes, maxEntries }: PackageLimits): AsyncGenerator<ArchiveItem> {
  const plain = decompress(body, { compression: compressionOfName(name), maxBytes: maxTreeBytes, what: name });
  return readTar(plain, { maxEntries, maxTotalBytes: maxTreeBytes, maxHeaderBytes, what: name });
}
