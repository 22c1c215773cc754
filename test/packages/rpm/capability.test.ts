import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseCapabilities } from "../../../src/packages/rpm/capability.ts";

describe("capabilities", () => {
  // The bytes that setcap(8) writes.
  const rows: readonly (readonly [text: string, hex: string])[] = [
    ["cap_net_raw=ep", "0100000200200000000000000000000000000000"],
    ["= cap_net_raw+ep", "0100000200200000000000000000000000000000"],
    ["cap_net_admin,cap_net_raw=ep", "0100000200300000000000000000000000000000"],
    ["cap_net_raw+p", "0000000200200000000000000000000000000000"],
    ["cap_setuid=eip", "0100000280000000800000000000000000000000"],
    ["cap_perfmon=p", "0000000200000000000000004000000000000000"],
    ["cap_chown+ep cap_chown-e", "0000000201000000000000000000000000000000"],
  ];
  for (const [text, hex] of rows) {
    it(text, () => assert.equal(Buffer.from(parseCapabilities(text) ?? []).toString("hex"), hex));
  }
  for (const text of ["", "=", "cap_chown="]) {
    it(`${JSON.stringify(text)} gives nothing`, () => assert.equal(parseCapabilities(text), undefined));
  }
  for (const text of ["cap_everything=ep", "cap_chown", "+ep", "cap_chown=x", "cap_chown,,=p"]) {
    it(`refuses ${text}`, () => assert.throws(() => parseCapabilities(text), { code: "PACKAGE_BROKEN" }));
  }
});
