/** ZIP archives for tests: small wheels. */
import { crc32 } from "node:zlib";

/** A ZIP archive of texts by their names, stored. */
export function storedZip(files: { readonly [name: string]: string }): Uint8Array<ArrayBuffer> {
  const encode = (value: string) => [...new TextEncoder().encode(value)];
  const numbers = (...fields: [value: number, bytes: number][]) =>
    fields.flatMap(([value, bytes]) => Array.from({ length: bytes }, (_, i) => (value >>> 8 * i) & 0xff));
  const [local, central]: [number[], number[]] = [[], []];
  for (const [name, text] of Object.entries(files)) {
    const [path, data] = [encode(name), encode(text)];
    const sizes: [number, number][] = [[data.length, 4], [data.length, 4], [path.length, 2], [0, 2]];
    const shared = numbers([20, 2], [0, 2], [0, 2], [0, 4], [crc32(text), 4], ...sizes);
    const offset = local.length;
    local.push(...numbers([0x04034b50, 4]), ...shared, ...path, ...data);
    const rest = numbers([0, 2], [0, 2], [0, 2], [0, 4], [offset, 4]);
    central.push(...numbers([0x02014b50, 4], [20, 2]), ...shared, ...rest, ...path);
  }
  const count = Object.keys(files).length;
  const end = numbers([0x06054b50, 4], [0, 4], [count, 2], [count, 2], [central.length, 4], [
    local.length,
    4,
  ]);
  return Uint8Array.from([...local, ...central, ...end, 0, 0]);
}
