/**
 * Files of code that nobody wrote, for benches of duplicates: as many as are wanted, of some kilobytes each, no five words
 * in a row of one in another; and copies of them with so many words changed.
 */

/** A generator of 32-bit numbers (xorshift; Marsaglia, 2003). */
export function numbers(seed: number): (below: number) => number {
  let state = seed * 2654435761 | 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

const WORDS = 50_000;

/** A file of about so many lines, as its words; a line has eight. Words of two prefixes have nothing in common. */
export function madeWords(lines: number, random: (below: number) => number, prefix = "name"): string[] {
  return Array.from({ length: 8 * lines }, () => `${prefix}_${random(WORDS).toString(36)}`);
}

/** The same with some of its words changed, one of `each` by chance. */
export function changedWords(
  words: readonly string[],
  each: number,
  random: (below: number) => number,
): string[] {
  return words.map((word) => random(each) === 0 ? `other_${random(WORDS).toString(36)}` : word);
}

/** Words as lines of code. */
export function asCode(words: readonly string[]): string {
  let code = "";
  for (let i = 0; i + 8 <= words.length; i += 8) {
    const [a, b, c, d, e, f, g, h] = words.slice(i, i + 8);
    code += `    ${a} = ${b}.${c}(${d}, ${e}[${f}]) + ${g}  # ${h}\n`;
  }
  return code;
}

/** A row of a shard, as `collect` writes it. */
export interface MadeRow {
  id: string;
  path: string;
  content: string;
}

/** Writes shards of rows, packed or not, of at most so many characters each; how many bytes the texts have. */
export async function writeShards(
  folder: string,
  rows: Iterable<MadeRow>,
  { isPacked, characters = 2e8 }: { isPacked: boolean; characters?: number },
): Promise<number> {
  await Deno.mkdir(folder, { recursive: true });
  const iterator = rows[Symbol.iterator]();
  const encoder = new TextEncoder();
  let [next, total] = [iterator.next(), 0];
  for (let shard = 0; !next.done; shard++) {
    const name = `part-${String(shard).padStart(5, "0")}.jsonl${isPacked ? ".gz" : ""}`;
    let size = 0;
    const pieces = ReadableStream.from((function* () {
      while (!next.done && size < characters) {
        let lines = "";
        for (; !next.done && lines.length < 1e6; next = iterator.next()) {
          lines += JSON.stringify({ ...next.value, licence: "MIT", language: "Python" }) + "\n";
          total += next.value.content.length;
        }
        size += lines.length;
        yield encoder.encode(lines);
      }
    })());
    const packed = isPacked ? pieces.pipeThrough(new CompressionStream("gzip")) : pieces;
    await packed.pipeTo((await Deno.create(`${folder}/${name}`)).writable);
  }
  return total;
}
