import { version } from '../../package.json';
import { messageOf } from '../errors.ts';
import { servePython } from './serve.ts';

// A limb that drains lets its programs come to their end; a terminal's Ctrl-C reaches this process too. It ends with its input.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {});

try {
  await servePython(version);
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exitCode = 1;
}
