/**
 * Made-up values for the leak harness: each stands in one place, in the shape of what a hostile or mistaken file may
 * hold there, so that a piece of it in an output tells where it came from.
 */
import { PythonRandom } from "../../lib/datasets/python_random.ts";
import { SECRET_FORMATS, secretPieces } from "../../lib/embedded/secret_formats.ts";
import { PIECE_LENGTH } from "./leaks.ts";

const LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
const WORDS = "violet tractor moonlight granite pelican saffron harbour lantern thistle walrus".split(" ");

/** Values that stand where names stand: keys, columns, types, ids. They read as no name. */
const NAME_SHAPES: readonly ((random: PythonRandom) => string)[] = [
  (random) => draw(random, 30),
  SECRET_FORMATS.npm,
  SECRET_FORMATS.hex,
  (random) => SECRET_FORMATS.base64(random).replaceAll("/", "+"), // ids and names of files have no slash
  SECRET_FORMATS.email,
  (random) => `4${digits(random, 15)}`,
  SECRET_FORMATS.aws_id,
  SECRET_FORMATS.stripe,
];

/** Values that stand in texts and cells: passphrases too, which read as names. */
const TEXT_SHAPES: typeof NAME_SHAPES = [
  ...NAME_SHAPES,
  (random) =>
    Array.from({ length: 4 }, () => WORDS[random.randbelow(WORDS.length)]).join(" ") + digits(random, 3),
  (random) => WORDS[random.randbelow(WORDS.length)]! + WORDS[random.randbelow(WORDS.length)],
];

/** Where a value was planted. */
export interface Plant {
  place: string;
  /** It is a document's id: the columns `doc_id` and `path` and a report name documents by it. */
  isId?: boolean;
  /** It is a secret of a good corpus, which `detect` finds and `redact` takes out. */
  isFound?: boolean;
}

/** All planted values, found by their pieces. */
export class Plants {
  readonly #random = new PythonRandom(15);
  readonly #plants = new Map<string, Plant>();
  /** How many values. */
  count = 0;

  /** A new value that stands in a text or a cell. */
  text(place: string): string {
    return this.#plant({ place }, TEXT_SHAPES);
  }

  /** A new value that stands where a name should. */
  name(place: string): string {
    return this.#plant({ place }, NAME_SHAPES);
  }

  /** A new value that is a document's id. */
  id(place: string): string {
    return this.#plant({ place, isId: true }, NAME_SHAPES);
  }

  /** The pieces of a value that was made elsewhere. */
  add(plant: Plant, pieces: Iterable<string>): void {
    this.count++;
    for (const piece of pieces) this.#plants.set(piece, plant);
  }

  /** All pieces. */
  get pieces(): string[] {
    return [...this.#plants.keys()];
  }

  /** What a piece is of. */
  placeOf(piece: string): Plant {
    return this.#plants.get(piece)!;
  }

  #plant(plant: Plant, shapes: typeof NAME_SHAPES): string {
    const value = shapes[this.count++ % shapes.length]!(this.#random);
    for (const piece of secretPieces(value, PIECE_LENGTH)) this.#plants.set(piece, plant);
    return value;
  }
}

function draw(random: PythonRandom, length: number): string {
  return Array.from({ length }, () => LETTERS[random.randbelow(LETTERS.length)]).join("");
}

function digits(random: PythonRandom, length: number): string {
  return Array.from({ length }, () => random.randbelow(10)).join("");
}
