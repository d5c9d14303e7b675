/**
 * Python's packages, asked for by pip's own client, so that its configuration (mirror, proxy, certificates, passwords) holds
 * here too: one process answers all questions. Nothing is built or installed, and no code of a package is run.
 *
 * @module
 */
import { basename, join } from "node:path";
import { childCommand } from "../setup/child_command.ts";
import { explainPip } from "../setup/fetch_wheels.ts";
import { hashFile } from "../setup/pinned_files.ts";
import { type Download, otherHash, type PackageRegistry, type Release } from "./package_list.ts";

/** A release, and the archive of it that is read. */
export interface PythonRelease extends Release {
  file: string;
  url: string;
  sha256: string | null;
}

/** What pip runs. Its client's session is not what it promises to others, but has been as it is since 2019. */
const SCRIPT = `
import json, sys
from urllib.parse import urljoin
from pip._internal.commands import create_command
from pip._vendor.packaging.utils import parse_sdist_filename, parse_wheel_filename

command = create_command("download")
options, _ = command.parse_args(["--no-input", "--disable-pip-version-check", "x"])

def releases(session, name):
    index = options.index_url.rstrip("/") + "/" + name.lower() + "/"
    answer = session.get(index, headers={"Accept": "application/vnd.pypi.simple.v1+json"})
    if answer.status_code == 404:
        return []
    answer.raise_for_status()
    if "json" not in answer.headers.get("content-type", ""):
        return None
    found = {}
    for file in answer.json()["files"]:
        parse = parse_wheel_filename if file["filename"].endswith(".whl") else parse_sdist_filename
        try:
            version = parse(file["filename"])[1]
        except Exception:
            continue
        found.setdefault(version, []).append({
            "file": file["filename"], "url": urljoin(index, file["url"]), "time": file.get("upload-time"),
            "sha256": file.get("hashes", {}).get("sha256"), "yanked": bool(file.get("yanked")),
        })
    return [{"version": str(v), "pre": v.is_prerelease, "files": found[v]} for v in sorted(found)]

def download(session, url, path, most):
    with session.get(url, stream=True) as answer, open(path, "wb") as out:
        answer.raise_for_status()
        size = 0
        for piece in answer.iter_content(65536):
            size += len(piece)
            if size > most:
                return "too large"
            out.write(piece)
    return None

with command.main_context():
    session = command.get_default_session(options)
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            if "name" in asked:
                answer = {"releases": releases(session, asked["name"])}
            else:
                answer = {"failed": download(session, asked["url"], asked["path"], asked["most"])}
        except OSError as error:
            answer = {"error": type(error).__name__ + ": " + str(error), "errno": error.errno}
        except Exception as error:
            answer = {"error": type(error).__name__}
        print(json.dumps(answer), flush=True)
`;

interface PipFile {
  file: string;
  url: string;
  time: string | null;
  sha256: string | null;
  yanked: boolean;
}

interface PipAnswer {
  releases?: { version: string; pre: boolean; files: PipFile[] }[] | null;
  failed?: string | null;
  error?: string;
}

/** Archives, the best first: pure Python, then sources, then anything else with Python in it. */
const KINDS = [/-none-any\.whl$/, /\.tar\.gz$/, /\.whl$/, /\.zip$/];

/**
 * pip's client.
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { PipRegistry } from "./pip_registry.ts";
 *
 * await assertRejects(() => Promise.resolve().then(() => new PipRegistry({ python: "no-such-python3" })), Error, "Python 3");
 * ```
 */
export class PipRegistry implements PackageRegistry<PythonRelease> {
  readonly #child: Deno.ChildProcess;
  readonly #said: Promise<string>;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly #lines: AsyncIterator<string>;
  #last: Promise<unknown> = Promise.resolve();

  /** @throws {Error} If there is no Python */
  constructor({ python = "python3" }: { python?: string } = {}) {
    try {
      this.#child = childCommand("python", python, {
        args: ["-c", SCRIPT],
        env: { LC_ALL: "C.UTF-8", PYTHONUNBUFFERED: "1" },
        ...{ stdin: "piped", stdout: "piped", stderr: "piped" },
      }).spawn();
    } catch (cause) {
      throw new Error(`Cannot ask for packages without Python 3: "${python}" is not on the PATH`, { cause });
    }
    this.#writer = this.#child.stdin.getWriter();
    this.#said = new Response(this.#child.stderr).text();
    this.#lines = linesOf(this.#child.stdout);
  }

  /**
   * All releases of a package, in the order of their versions; none where there is no such package.
   *
   * @throws {Error} If the index cannot be reached or tells no dates
   */
  async releases(name: string): Promise<PythonRelease[]> {
    const { releases } = await this.#ask({ name });
    if (!releases) {
      throw new Error("Cannot ask for packages: pip's index has no dates (PEP 700): use another");
    }
    return releases.flatMap(({ version, pre, files }) => {
      const [best] = KINDS.flatMap((kind) => files.filter(({ file }) => kind.test(file)));
      if (!best) return [];
      const created = best.time?.replace(/\.\d+/, "") ?? "";
      if (!/^\d{4}-\d\d-\d\dT/.test(created)) return [];
      const { file, url, sha256 } = best;
      return [{ version, created, isOdd: pre || files.every(({ yanked }) => yanked), file, url, sha256 }];
    });
  }

  /**
   * Downloads an archive into a folder.
   *
   * @returns its path; null where it is larger than it may be
   * @throws {Error} If it cannot be had, or has another hash than the index says
   */
  async download({ release, folder, maxBytes }: Download<PythonRelease>): Promise<string | null> {
    const path = join(folder, basename(release.file));
    const { failed } = await this.#ask({ url: release.url, path, most: maxBytes });
    if (failed !== null) return null;
    if (release.sha256 !== null && await hashFile(path) !== release.sha256) throw otherHash(release.file);
    return path;
  }

  /** Ends the process. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGTERM");
    } catch {
      // it has ended
    }
    await this.#writer.close().catch(() => {});
    await this.#child.status;
    await this.#said;
  }

  /** One question after the other. */
  async #ask(question: { [name: string]: string | number }): Promise<PipAnswer> {
    const answered = this.#last.then(async () => {
      await this.#writer.write(new TextEncoder().encode(JSON.stringify(question) + "\n")).catch(() => {});
      const { done, value } = await this.#lines.next();
      if (done) throw new Error(`Cannot ask for packages by pip: ${explainPip(await this.#said)}`);
      return JSON.parse(value) as PipAnswer;
    });
    this.#last = answered.catch(() => {});
    const answer = await answered;
    if (answer.error === undefined) return answer;
    const known = explainPip(answer.error);
    const what = /No space left/.test(answer.error)
      ? "no space is left: make space and run it again"
      : known === answer.error.trim()
      ? "the index does not answer well: check pip's configuration and run it again"
      : known;
    throw new Error(`Cannot ask for packages by pip: ${what}`);
  }
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let rest = "";
  for await (
    const piece of stream.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>)
  ) {
    const lines = (rest + piece).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
}
