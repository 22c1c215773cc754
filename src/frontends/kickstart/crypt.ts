// SHA-crypt with SHA-512 (Ulrich Drepper, "Unix crypt using SHA-256 and SHA-512", 0.6), as shadow(5) has it: for the passwords
// that a kickstart says in plain text.
import { createHash } from "node:crypto";

const rounds = 5000;
const digits = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** `$6$SALT$HASH`. The salt follows from the account's name and the password, so that the same file gives the same image. */
export function hashPassword(password: string, account: string): string {
  const seed = sha512("dodai kickstart password", account, "\0", password);
  const salt = [...seed.subarray(0, 16)].map((byte) => digits.charAt(byte % 64)).join("");
  return sha512Crypt(password, salt);
}

/** Step numbers are those of the specification. */
export function sha512Crypt(password: string, salt: string): string {
  const key = Buffer.from(password);
  const saltBytes = Buffer.from(salt);
  const b = sha512(key, saltBytes, key); // 4-8
  const parts: Uint8Array[] = [key, saltBytes, repeated(b, key.length)]; // 1-3, 9-10
  for (let bits = key.length; bits > 0; bits >>= 1) parts.push(bits & 1 ? b : key); // 11
  const a = sha512(...parts); // 12
  const p = repeated(sha512(...Array.from({ length: key.length }, () => key)), key.length); // 13-16
  const s = repeated(sha512(...Array.from({ length: 16 + (a[0] ?? 0) }, () => saltBytes)), saltBytes.length); // 17-20
  let c = a;
  for (let round = 0; round < rounds; round++) {
    const odd = round % 2 === 1;
    c = sha512(odd ? p : c, ...(round % 3 ? [s] : []), ...(round % 7 ? [p] : []), odd ? c : p); // 21
  }
  return `$6$${salt}$${encode(c)}`;
}

function sha512(...parts: readonly (Uint8Array | string)[]): Buffer<ArrayBufferLike> {
  const hash = createHash("sha512");
  for (const part of parts) hash.update(part);
  return hash.digest();
}

function repeated(bytes: Uint8Array, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => bytes[index % bytes.length] ?? 0);
}

/** 22: three bytes at a time as four digits, each triple taken from places that are 21 apart, and the last byte as two. */
function encode(bytes: Uint8Array): string {
  const triples = Array.from({ length: 21 }, (_, index) => {
    const places = [index, index + 21, index + 42];
    const turned = [...places.slice(index % 3), ...places.slice(0, index % 3)];
    return digitsOf(turned, 4);
  });
  return [...triples, digitsOf([63], 2)].join("");

  function digitsOf(places: readonly number[], count: number): string {
    let value = places.reduce((sum, place) => sum * 256 + (bytes[place] ?? 0), 0);
    let text = "";
    for (let digit = 0; digit < count; digit++, value >>= 6) text += digits.charAt(value & 63);
    return text;
  }
}
