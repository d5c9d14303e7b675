/**
 * A worker that detects: it is told the options first, then pieces, and answers each with its counts or what went wrong.
 * Nothing that it throws goes uncaught: Deno would print it whole, with the text that a library quotes.
 *
 * @module
 */
import type { CorpusPiece } from "../datasets/corpus_piece.ts";
import type { PieceCounts } from "./detect_counts.ts";
import { detectPiece, type DetectPieceOptions } from "./detect_piece.ts";
import { withoutText } from "../files/reason.ts";

/** What a worker is sent: the options, then pieces. */
export type DetectRequest = { options: DetectPieceOptions } | { piece: CorpusPiece };

/** What it answers to a piece. */
export type DetectAnswer = { index: number; counts: PieceCounts } | { index?: number; error: Error };

/** The worker's side of the channel; the DOM's types, which have it, are not those of Deno. */
const port = globalThis as unknown as {
  onmessage: ((event: MessageEvent<DetectRequest>) => void) | null;
  postMessage(answer: DetectAnswer): void;
};

let options: DetectPieceOptions | undefined;

port.onmessage = async ({ data }) => {
  if ("options" in data) {
    options = data.options;
    return;
  }
  const { index } = data.piece;
  try {
    port.postMessage({ index, counts: await detectPiece(data.piece, options!) });
  } catch (error) {
    port.postMessage({ index, error: withoutText(error as Error) });
  }
};

const fail = (event: Event, error: unknown) => {
  event.preventDefault();
  port.postMessage({ error: withoutText(error as Error) });
};
addEventListener("unhandledrejection", (event) => fail(event, event.reason));
addEventListener("error", (event) => fail(event, event.error));
