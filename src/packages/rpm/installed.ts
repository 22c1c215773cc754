// The headers of an installed package, from its control members.
import type { ControlMember } from "../contract.ts";
import { type Header, parseHeader } from "./header.ts";
import { tags } from "./tags.ts";

export interface InstalledHeaders {
  readonly header: Header;
  readonly signature: Header;
}

/** Throws PACKAGE_BROKEN. */
export function headersOf(control: readonly ControlMember[], name: string): InstalledHeaders {
  const bytes = (member: string): Uint8Array => control.find((one) => one.name === member)?.bytes ?? new Uint8Array();
  const what = `the header of "${name}"`;
  return {
    header: parseHeader(bytes("header"), { what, region: tags.headerImmutable }),
    signature: parseHeader(bytes("signature"), { what, region: tags.headerSignatures }),
  };
}
