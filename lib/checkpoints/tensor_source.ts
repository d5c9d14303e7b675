/**
 * What every format of weights offers the loader: names, shapes, stored types, and values read by pieces as float32,
 * straight into the memory that is given, so that no file is ever held as a whole.
 *
 * @module
 */

/** Elements of one piece; every block of a quantized format fits into it a whole number of times. */
export const PIECE_ELEMENTS = 1 << 20;

/** One tensor of a source. */
export interface SourceTensor {
  /** How it is stored: "F32", "F16", "BF16", "I64", "Q4_K", ... */
  readonly dtype: string;
  /** Its dimensions, row by row as transformers has them. */
  readonly shape: readonly number[];
  /** Whether `read` can give its values; integer and boolean buffers are only named. */
  readonly isReadable: boolean;
}

/**
 * An open file, or several, with a model's tensors; disposing it closes them.
 *
 * Opening has checked everything that can be known without reading the values: a source that is open refuses nothing
 * but files that change or whose checksums are wrong.
 */
export interface TensorSource extends Disposable {
  /** The file, or the index of the files, as messages name it. */
  readonly file: string;
  /** Its tensors by the names that transformers gives them. */
  readonly tensors: ReadonlyMap<string, SourceTensor>;
  /**
   * Fills `values` with the elements `start` to `start + values.length` of a tensor, in row order.
   *
   * @param name of a tensor that is readable
   * @param values memory to fill: at most `PIECE_ELEMENTS`
   * @param start a multiple of `PIECE_ELEMENTS`; a tensor's pieces are asked for in their order
   * @throws {SyntaxError} when the file ended meanwhile or a checksum is wrong
   */
  read(name: string, values: Float32Array, start: number): Promise<void>;
  /**
   * Fills `halves` with the elements of a tensor that is stored as BF16, as they are; not every source can.
   *
   * @param name, halves, start and errors as of `read`
   */
  readHalves?(name: string, halves: Uint16Array, start: number): Promise<void>;
}
