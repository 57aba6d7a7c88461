import type { RunRequest } from '../engine.ts';

// A program that may call tools runs behind a few lines of Python that write the tools' descriptions under /tools and give it
// the module `tools`. A call is a line on standard output that begins with a mark; its answer is a line on standard input. The
// program could write such lines itself: what it may call is decided outside.

/** Begins a call on standard output. No text of a program's own needs this character. */
export const callMark = '\u001ehelix-call ';

const programStart = String.raw`
def _start(source, files):
    import builtins, io, json, linecache, os, sys, threading, traceback, types

    lock = threading.Lock()
    replies = sys.stdin.buffer

    class ToolError(Exception):
        """A tool was refused, or failed."""

    def call(name, /, **arguments):
        line = '\x1ehelix-call ' + json.dumps({'name': name, 'arguments': arguments}, ensure_ascii=True) + '\n'
        with lock:
            sys.stdout.flush()
            data = line.encode()
            while data:
                data = data[os.write(1, data):]
            reply = json.loads(replies.readline() or '{"error": "the limb does not answer any more"}')
        if 'error' in reply:
            raise ToolError(reply['error'])
        return reply['value']

    module = types.ModuleType('tools', 'Calls the tools that /tools describes: tools.<name>(argument=value, ...).')
    module.call = call
    module.ToolError = ToolError
    module.__getattr__ = lambda name: lambda **arguments: call(name, **arguments)
    sys.modules['tools'] = module
    sys.stdin = io.StringIO('')
    os.makedirs(os.path.realpath('/tools'), exist_ok=True)
    for name, text in files.items():
        with open('/tools/' + name, 'w', encoding='utf-8') as file:
            file.write(text)
    path = '/code/main.py'
    linecache.cache[path] = (len(source), None, source.splitlines(True), path)
    main = sys.modules['__main__'].__dict__
    for name in [name for name in main if not name.startswith('__')]:
        del main[name]
    try:
        exec(compile(source, path, 'exec', dont_inherit=True), main)
    except SystemExit:
        raise
    except BaseException as error:
        trace = error.__traceback__.tb_next if error.__traceback__ else None
        traceback.print_exception(type(error), error, trace)
        sys.exit(1)
`;

/** What an engine runs for a request: its own code, or the code with its tools before it. */
export function programOf({ code, tools }: RunRequest): string {
  if (!tools) return code;
  const data = Buffer.from(JSON.stringify({ source: code, files: tools.files })).toString('base64');
  return `${programStart}\nimport base64, json\n_start(**json.loads(base64.b64decode('${data}')))\n`;
}
