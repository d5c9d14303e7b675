/**
 * Attempts to get out of a sandbox, each with a canary: something on this machine that shows if it worked. A test runs
 * each where nothing holds it, to see the canary, and then where something does.
 */

/** Where an attempt's traces would show. */
export interface Canary {
  /** A file that is not there. */
  file: string;
  /** A file with {@linkcode SECRET}. */
  secretFile: string;
  /** A port where a connection is counted. */
  port: number;
  /** A process that waits. */
  pid: number;
}

/** What only a program that reads files or variables knows. */
export const SECRET = "canary-4711";

/** The variable that holds {@linkcode SECRET}: one of those that `none` hands on. */
export const VARIABLE = "XDG_DATA_HOME";

/** What shows that an attempt worked. */
export type Sign = "file" | "passed" | "connection" | "killed";

/** Python programs by what they attempt. */
export const ESCAPES: Readonly<Record<string, { sign: Sign; program: (canary: Canary) => string }>> = {
  "write a file": { sign: "file", program: ({ file }) => `open(${py(file)}, "w").write("x")` },
  "write a file from a folder above": {
    sign: "file",
    program: ({ file }) => `import os\nos.chdir("/")\nos.close(os.open(${py(file.slice(1))}, os.O_CREAT))`,
  },
  "link to a file": {
    sign: "passed",
    program: ({ secretFile }) =>
      `import os\nos.symlink(${py(secretFile)}, "link")\nassert open("link").read() == ${py(SECRET)}`,
  },
  "read a file": {
    sign: "passed",
    program: ({ secretFile }) => `assert open(${py(secretFile)}).read() == ${py(SECRET)}`,
  },
  "read a variable": {
    sign: "passed",
    program: () => `import os\nassert os.environ[${py(VARIABLE)}] == ${py(SECRET)}`,
  },
  "connect": {
    sign: "connection",
    program: ({ port }) => `import socket\nsocket.create_connection(("127.0.0.1", ${port})).sendall(b"x")`,
  },
  "start a shell": { sign: "file", program: ({ file }) => `import os\nos.system("touch " + ${py(file)})` },
  "start a process": {
    sign: "file",
    program: ({ file }) => `import subprocess\nsubprocess.run(["touch", ${py(file)}])`,
  },
  "fork": {
    sign: "file",
    program: ({ file }) => `import os\nif os.fork() == 0:\n    open(${py(file)}, "w")\nelse:\n    os.wait()`,
  },
  "send a signal": { sign: "killed", program: ({ pid }) => `import os\nos.kill(${pid}, 9)` },
  "call C": {
    sign: "file",
    program: ({ file }) => `import ctypes\nctypes.CDLL(None).creat(${py(file)}.encode(), 0o600)`,
  },
  "leave a thread": {
    sign: "file",
    program: ({ file }) =>
      `import threading\nthread = threading.Thread(target=lambda: open(${
        py(file)
      }, "w"))\nthread.start()\nthread.join()`,
  },
};

const CONSTRUCTOR = `constructor.constructor("return Deno")()`;

/** Ways from Python to JavaScript in Pyodide, which all write a file. */
export const JAVASCRIPT_ESCAPES: Readonly<Record<string, (file: string) => string>> = {
  "js": (file) => `import js\njs.Deno.writeTextFileSync(${py(file)}, "x")`,
  "pyodide_js": (file) => `import pyodide_js\npyodide_js.${CONSTRUCTOR}.writeTextFileSync(${py(file)}, "x")`,
  "run_js": (file) => `from pyodide.code import run_js\nrun_js("Deno").writeTextFileSync(${py(file)}, "x")`,
  "an object of JavaScript": (file) =>
    `from pyodide.ffi import to_js\nto_js([1]).${CONSTRUCTOR}.writeTextFileSync(${py(file)}, "x")`,
  "a function of JavaScript": (file) =>
    `import js\njs.setTimeout.${CONSTRUCTOR}.writeTextFileSync(${py(file)}, "x")`,
  "every object": (file) => `
import gc, sys
import _pyodide_core
found = list(gc.get_objects()) + [value for module in list(sys.modules.values()) for value in getattr(module, "__dict__", {}).values()]
for value in found:
    try:
        value.${CONSTRUCTOR}.writeTextFileSync(${py(file)}, "x")
    except BaseException:
        pass
`,
  "the module system": (file) => `
import sys
for finder in sys.meta_path:
    for module in getattr(finder, "jsproxies", {}).values():
        module.${CONSTRUCTOR}.writeTextFileSync(${py(file)}, "x")
import _pyodide_core
`,
  "a script of Emscripten": (file) => `
import ctypes
ctypes.CDLL(None).emscripten_run_script(${
    py(`Deno.writeTextFileSync(${JSON.stringify(file)}, "x")`)
  }.encode())
`,
};

/** A text as Python spells it. */
function py(text: string): string {
  return JSON.stringify(text);
}
