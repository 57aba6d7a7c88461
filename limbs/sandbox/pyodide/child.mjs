// One run of Python in WebAssembly, in a process that nobody else uses.
//
// Its first argument is Pyodide's folder. With the second argument `snapshot` it writes Python's memory, as it is before any
// program, to descriptor 3 and ends. Otherwise it reads such a snapshot from descriptor 3 (Python starts several times faster
// from one), takes away from itself whatever reaches out of the process, says so on descriptor 3, waits for one request on
// standard input, runs it and ends with the program's exit code.
//
// What holds the program in is outside of this file: the flags Node is started with, the user, the namespaces. What this file
// takes away is a second wall behind them.
import fs from 'node:fs';
import { builtinModules, syncBuiltinESMExports } from 'node:module';
import { pathToFileURL } from 'node:url';

const { readSync, writeSync } = fs;
const exit = process.reallyExit.bind(process);
const LIMB_DESCRIPTOR = 3;

// Runs a program as `__main__` from a file, as python3 would, and gives its exit code. Pyodide's own event loop is one of the
// browser, in which `asyncio.run` returns at once; scripts expect the one that blocks.
const PREPARE = `
import asyncio, atexit, builtins, linecache, os, random, sys, time, traceback, types

class _Selector:
    def select(self, timeout):
        if timeout is None:
            raise RuntimeError('the event loop waits for something that cannot happen in this sandbox')
        if timeout > 0:
            time.sleep(timeout)
        return []
    def close(self):
        pass

class _Loop(asyncio.BaseEventLoop):
    def __init__(self):
        super().__init__()
        self._selector = _Selector()
    def _process_events(self, events):
        pass
    def _write_to_self(self):
        pass

class _Policy(asyncio.events._BaseDefaultEventLoopPolicy):
    _loop_factory = _Loop

asyncio.events._set_running_loop(None)
asyncio.events._set_event_loop_policy(_Policy())

def run_main(code):
    os.makedirs('/code', exist_ok=True)
    with open('/code/main.py', 'w', encoding='utf-8') as file:
        file.write(code)
    os.chdir('/tmp')
    sys.argv = ['/code/main.py']
    sys.stdout.reconfigure(line_buffering=True, errors='surrogateescape')
    main = types.ModuleType('__main__')
    main.__file__ = '/code/main.py'
    main.__builtins__ = builtins
    sys.modules['__main__'] = main
    status = 0
    try:
        exec(compile(code, '/code/main.py', 'exec', dont_inherit=True), main.__dict__)
    except SystemExit as end:
        status = end.code
    except BaseException as error:
        status = 1
        traceback.print_exception(type(error), error, error.__traceback__.tb_next if error.__traceback__ else None)
    atexit._run_exitfuncs()
    if status is None:
        status = 0
    if not isinstance(status, int):
        print(status, file=sys.stderr)
        status = 1
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:
            pass
    return status & 0xff
`;

const [, , folder, mode] = process.argv;
if (mode === 'snapshot') {
  const pyodide = await loadPython({ _makeSnapshot: true });
  pyodide.runPython(PREPARE);
  writeAll(LIMB_DESCRIPTOR, pyodide.makeMemorySnapshot());
} else {
  const pyodide = await loadPython({ _loadSnapshot: readAll(LIMB_DESCRIPTOR) });
  // Else every run would draw the snapshot's numbers. It also makes Pyodide find its source of chance, which it asks Node for.
  pyodide.runPython('random.seed()');
  lockDown();
  writeSync(LIMB_DESCRIPTOR, 'ready\n');
  const request = readLine(0);
  if (request.length === 0) exit(0);
  runOnce(pyodide, JSON.parse(request.toString('utf8')));
}

async function loadPython(options) {
  // Pyodide asks for the numbers of file flags; with Node's permissions on, asking the real one is an error.
  const { constants } = fs;
  process.binding = () => ({ fs: constants });
  const { loadPyodide } = await import(pathToFileURL(`${folder}/pyodide.mjs`).href);
  return await loadPyodide({
    indexURL: folder,
    jsglobals: Object.create(null),
    env: { HOME: '/tmp', TMPDIR: '/tmp', LANG: 'C.UTF-8', PATH: '/usr/bin:/bin' },
    // Without these Pyodide opens Node's own streams, which makes the descriptors non-blocking.
    stdin: () => null,
    stdout: () => {},
    stderr: () => {},
    ...options,
  });
}

function runOnce(pyodide, { code, stdin, isCalling }) {
  let unread = new TextEncoder().encode(stdin);
  pyodide.setStdin({
    isatty: false,
    read: (buffer) => {
      // The answers to the calls of tools come one by one.
      if (isCalling && unread.length === 0) unread = readSome(0);
      const part = unread.subarray(0, buffer.length);
      buffer.set(part);
      unread = unread.subarray(part.length);
      return part.length;
    },
  });
  pyodide.setStdout({ isatty: false, write: (bytes) => writeAll(1, bytes) });
  pyodide.setStderr({ isatty: false, write: (bytes) => writeAll(2, bytes) });
  try {
    exit(pyodide.globals.get('run_main')(code));
  } catch (error) {
    // Thus Emscripten ends a program that called `os._exit`.
    if (typeof error?.status === 'number') exit(error.status);
    writeAll(2, new TextEncoder().encode(`${error?.name ?? 'Error'}: ${error?.message ?? error}\n`));
    exit(1);
  }
}

function writeAll(descriptor, bytes) {
  for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at, bytes.length - at);
  return bytes.length;
}

function readAll(descriptor) {
  const chunks = [];
  for (;;) {
    const chunk = Buffer.alloc(65536);
    const length = readSync(descriptor, chunk);
    if (length === 0) return Buffer.concat(chunks);
    chunks.push(chunk.subarray(0, length));
  }
}

/** One line, after which nothing comes before it is answered; empty when there is none. */
function readLine(descriptor) {
  const chunks = [];
  for (;;) {
    const chunk = readSome(descriptor);
    chunks.push(chunk);
    if (chunk.length === 0 || chunk.at(-1) === 0x0a) return Buffer.concat(chunks);
  }
}

function readSome(descriptor) {
  const chunk = Buffer.alloc(65536);
  return chunk.subarray(0, readSync(descriptor, chunk));
}

/** Takes away modules, the process object and the globals through which JavaScript leaves its process. */
function lockDown() {
  // All are loaded before any is changed: a module may build on another one's prototypes.
  const modules = builtinModules.map((name) => ({ name, exported: process.getBuiltinModule(name) }));
  const refuse = () => {
    throw new Error('This is not permitted in the sandbox.');
  };
  const harmless =
    /^(assert|buffer|console|constants|crypto|events|path|punycode|querystring|string_decoder|timers|url|util|zlib)\b/;
  for (const { name, exported } of modules) {
    if (harmless.test(name)) continue;
    const withPrototypes =
      /^(child_process|cluster|dgram|fs|http|http2|https|inspector|net|repl|tls|vm|wasi|worker_threads)\b/;
    replaceFunctions(exported, refuse, withPrototypes.test(name));
  }
  replaceFunctions(process, refuse, false, [
    'emit',
    'emitWarning',
    'nextTick',
    '_tickCallback',
    'hrtime',
    'memoryUsage',
  ]);
  syncBuiltinESMExports();
  const print = (...parts) => void writeAll(2, new TextEncoder().encode(`${parts.join(' ')}\n`));
  for (const name of Object.keys(console)) console[name] = name === 'error' || name === 'warn' ? print : () => {};
  for (const name of [
    'fetch',
    'WebSocket',
    'EventSource',
    'Request',
    'Response',
    'BroadcastChannel',
    'navigator',
    'global',
  ]) {
    delete globalThis[name];
  }
  // Emscripten ends the program through this one.
  Object.defineProperty(globalThis, 'process', { value: { exit, versions: {}, env: {} } });
}

function replaceFunctions(target, refuse, withPrototypes, kept = []) {
  for (const key of Reflect.ownKeys(target)) {
    const property = Reflect.getOwnPropertyDescriptor(target, key);
    if (kept.includes(key) || !property.configurable) continue;
    const { value } = property;
    if (withPrototypes && typeof value === 'function' && value.prototype)
      replaceFunctions(value.prototype, refuse, false);
    if (typeof value === 'function') Object.defineProperty(target, key, { value: refuse, configurable: true });
    if (property.get) Object.defineProperty(target, key, { value: undefined, configurable: true });
  }
}
