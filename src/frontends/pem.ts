// PEM texts (RFC 7468) as recipes have them: exactly one block, written anew so that nothing around it comes along.
import { createPublicKey, X509Certificate } from "node:crypto";

/** An RSA public key alone; `undefined` for anything else. */
export function publicKeyOf(text: string): string | undefined {
  const pem = onlyBlock(text, "PUBLIC KEY");
  if (pem === undefined) return undefined;
  try {
    return createPublicKey(pem).asymmetricKeyType === "rsa" ? pem : undefined;
  } catch {
    return undefined;
  }
}

/** A certificate alone; `undefined` for anything else. */
export function certificateOf(text: string): string | undefined {
  const pem = onlyBlock(text, "CERTIFICATE");
  if (pem === undefined) return undefined;
  try {
    new X509Certificate(pem);
    return pem;
  } catch {
    return undefined;
  }
}

function onlyBlock(text: string, label: string): string | undefined {
  const blocks = [...text.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----([^-]*)-----END \1-----/g)];
  const [, found, body = ""] = blocks[0] ?? [];
  if (blocks.length !== 1 || found !== label) return undefined;
  const base64 = body.replace(/\s+/g, "");
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return undefined;
  const lines = base64.match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}
