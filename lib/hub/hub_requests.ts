/**
 * The `fetch` that @huggingface/hub is given: it knows the token and sends it to the Hub only, gives a silent connection
 * up, goes on where a broken download ended even if the server begins anew, and says in one line what went wrong.
 *
 * One request runs at a time. The client turns errors of a download's stream into bare texts: `failure` keeps them.
 *
 * @module
 */
import { explainFetch, explainStatus, type HubAsked, HubError } from "./hub_error.ts";

type Fetch = typeof fetch;

/**
 * The requests for one model.
 *
 * @example
 * ```ts
 * import { assertEquals, assertRejects } from "@std/assert";
 * import { HubError } from "./hub_error.ts";
 * import { HubRequests } from "./hub_requests.ts";
 * import { readHubSettings } from "./hub_settings.ts";
 *
 * const settings = readHubSettings((name) => name === "HF_HOME" ? "/nowhere" : undefined);
 * using requests = new HubRequests({ label: "ada/coder", repository: "ada/coder", settings }, AbortSignal.abort());
 * await assertRejects(() => requests.api(settings.endpoint), DOMException);
 * assertEquals(requests.failure instanceof HubError, false);
 * ```
 */
export class HubRequests implements Disposable {
  readonly #asked: HubAsked;
  readonly #signal: AbortSignal | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #silent = new AbortController();
  #host = new URL("https://huggingface.co");
  /** Why the last request failed. */
  failure: unknown = null;

  /** Requests that end when `signal` aborts. */
  constructor(asked: HubAsked, signal?: AbortSignal) {
    this.#asked = asked;
    this.#signal = signal;
  }

  /** Ends the watch over the last request. */
  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }

  /** For small answers: they are read whole within the time. */
  readonly api: Fetch = async (input, init) => {
    try {
      const response = await this.#send(input, init);
      const { status, headers } = response;
      return new Response(await response.arrayBuffer(), { status, headers });
    } catch (error) {
      throw this.#explain(error);
    } finally {
      clearTimeout(this.#timer);
    }
  };

  /** For files: the stream begins at the byte that was asked for and may last, but not be silent for long. */
  readonly file: Fetch = async (input, init) => {
    try {
      const response = await this.#send(input, init);
      const start = Number(/^bytes=(\d+)-/.exec(new Headers(init?.headers).get("range") ?? "")?.[1] ?? 0);
      const answered = response.status === 206 ? response.headers.get("content-range") ?? "" : "bytes 0-";
      const first = Number(/^bytes (\d+)-/.exec(answered)?.[1] ?? NaN);
      if (first !== start && first !== 0) {
        await response.body?.cancel();
        throw new HubError(
          `Cannot download model "${this.#asked.label}": "${this.#host.host}" sends other bytes than were asked for`,
          "final",
        );
      }
      return new Response(response.body?.pipeThrough(this.#watch(start - first)), { status: 200 });
    } catch (error) {
      throw this.#explain(error);
    }
  };

  /** What a failed reading of a stream means. */
  explainStream(error: unknown): unknown {
    return this.failure ?? this.#explain(error);
  }

  async #send(input: Parameters<Fetch>[0], init: Parameters<Fetch>[1]): Promise<Response> {
    const { endpoint, token } = this.#asked.settings;
    const url = new URL(input instanceof Request ? input.url : input);
    const headers = new Headers(init?.headers);
    if (token && url.origin === new URL(endpoint).origin) {
      headers.set("authorization", `Bearer ${token.value}`); // fetch itself drops it on a redirect to another host
    }
    this.#host = url;
    this.failure = null;
    this.#silent = new AbortController();
    this.#arm();
    const signals = [this.#silent.signal, ...(this.#signal ? [this.#signal] : [])];
    const response = await fetch(url, { ...init, headers, signal: AbortSignal.any(signals) });
    if (response.url) this.#host = new URL(response.url);
    if (response.ok) return response;
    await response.body?.cancel();
    throw explainStatus(response, this.#asked);
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

  #explain(error: unknown): unknown {
    clearTimeout(this.#timer);
    if (this.#signal?.aborted) return this.failure = this.#signal.reason;
    if (error instanceof HubError) return this.failure = error;
    if (!this.#silent.signal.aborted) return this.failure = explainFetch(error, this.#host, this.#asked);
    const { label, settings } = this.#asked;
    const what = `"${this.#host.host}" is silent for ${settings.timeoutMs / 1000} seconds: try again later`;
    return this.failure = new HubError(`Cannot download model "${label}": ${what}`, "busy", { cause: error });
  }
}
