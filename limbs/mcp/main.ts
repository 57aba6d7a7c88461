import { version } from '../../package.json';
import { messageOf } from '../errors.ts';
import { servePython } from './serve.ts';

try {
  await servePython(version);
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exitCode = 1;
}
