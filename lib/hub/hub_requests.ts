/**
 * Requests to the Hub: they know the token and send it to the Hub only, give a silent connection up, go on where a broken
 * download ended even if the server begins anew, and say in one line what went wrong. One request runs at a time.
 *
 * @module
 */
import { endedBy } from "../files/ended_by.ts";
import { explainFetch, explainStatus, type HubAsked, HubError } from "./hub_error.ts";

/**
 * The requests for one model.
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { HubRequests } from "./hub_requests.ts";
 * import { readHubSettings } from "./hub_settings.ts";
 *
 * const settings = readHubSettings((name) => name === "HF_HOME" ? "/nowhere" : undefined);
 * using requests = new HubRequests({ label: "ada/coder", repository: "ada/coder", settings }, AbortSignal.abort());
 * await assertRejects(() => requests.api(settings.endpoint), DOMException);
 * ```
 */
export class HubRequests implements Disposable {
  readonly #asked: HubAsked;
  readonly #signal: AbortSignal | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #silent = new AbortController();
  #host = new URL("https://huggingface.co");

  /** Requests that end when `signal` aborts. */
  constructor(asked: HubAsked, signal?: AbortSignal) {
    this.#asked = asked;
    this.#signal = signal;
  }

  /** Ends the watch over the last request. */
  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }

  /**
   * A small answer, read whole within the time.
   *
   * @throws {HubError} in one line; the signal's reason
   */
  async api(url: string | URL): Promise<Response> {
    try {
      const response = await this.#send(url);
      const { status, headers } = response;
      return new Response(await response.arrayBuffer(), { status, headers });
    } catch (error) {
      throw this.explain(error);
    } finally {
      clearTimeout(this.#timer);
    }
  }

  /**
   * A file of `size` bytes, from the byte `start` on: the stream may last, but not be silent for long.
   *
   * @throws {HubError} in one line; the signal's reason. What the stream throws, {@linkcode explain} explains
   */
  async file(url: string | URL, start: number, size: number): Promise<ReadableStream<Uint8Array>> {
    try {
      const response = await this.#send(url, start > 0 ? { range: `bytes=${start}-${size - 1}` } : {});
      const answered = response.status === 206 ? response.headers.get("content-range") ?? "" : "bytes 0-";
      const first = Number(/^bytes (\d+)-/.exec(answered)?.[1] ?? NaN);
      const body = response.body ?? ReadableStream.from<Uint8Array>([]);
      if (first === start || first === 0) {
        return body.pipeThrough(endedBy(this.#signals())).pipeThrough(this.#watch(start - first));
      }
      await body.cancel();
      throw new HubError(
        `Cannot download model "${this.#asked.label}": "${this.#host.host}" sends other bytes than were asked for`,
        "final",
      );
    } catch (error) {
      throw this.explain(error);
    }
  }

  async #send(address: string | URL, headers: Record<string, string> = {}): Promise<Response> {
    const { endpoint, token } = this.#asked.settings;
    const url = new URL(address);
    if (token && url.origin === new URL(endpoint).origin) {
      headers.authorization = `Bearer ${token.value}`; // fetch itself drops it on a redirect to another host
    }
    this.#host = url;
    this.#silent = new AbortController();
    this.#arm();
    const response = await fetch(url, { headers, signal: AbortSignal.any(this.#signals()) });
    if (response.url) this.#host = new URL(response.url);
    if (response.ok) return response;
    await response.body?.cancel();
    throw explainStatus(response, this.#asked);
  }

  /** What ends a request. */
  #signals(): AbortSignal[] {
    return [this.#silent.signal, ...(this.#signal ? [this.#signal] : [])];
  }

  #arm(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#silent.abort(), this.#asked.settings.timeoutMs);
  }

  /** Leaves the first `skipped` bytes out and notices silence. */
  #watch(skipped: number): TransformStream<Uint8Array, Uint8Array> {
    return new TransformStream({
      transform: (chunk, controller) => {
        this.#arm();
        const cut = Math.min(skipped, chunk.length);
        skipped -= cut;
        if (cut < chunk.length) controller.enqueue(chunk.subarray(cut));
      },
      flush: () => clearTimeout(this.#timer),
    });
  }

  /** What a failed request, or reading of a file, means. */
  explain(error: unknown): unknown {
    clearTimeout(this.#timer);
    if (this.#signal?.aborted) return this.#signal.reason;
    if (error instanceof HubError) return error;
    if (!this.#silent.signal.aborted) return explainFetch(error, this.#host, this.#asked);
    const { label, settings } = this.#asked;
    const what = `"${this.#host.host}" is silent for ${settings.timeoutMs / 1000} seconds: try again later`;
    return new HubError(`Cannot download model "${label}": ${what}`, "busy", { cause: error });
  }
}
