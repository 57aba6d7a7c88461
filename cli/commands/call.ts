import { optionOf } from '../../engine/bsatn/special.ts';
import type { Field } from '../../engine/bsatn/type.ts';
import { paramsText } from '../../engine/module/type-text.ts';
import { type DatabaseOptions, findTarget, readDefinition } from '../lib/database.ts';
import { Failure } from '../lib/failure.ts';
import { ask, databasePath, refusal } from '../lib/server.ts';

const functionFailed = 530;
const fatalMessage = 'The instance encountered a fatal error.';

/** Calls a reducer or a procedure; what a procedure returns is printed as JSON. Options at the end may be left out. */
export async function call(name: string, args: readonly string[], options: DatabaseOptions): Promise<void> {
  const target = await findTarget(options);
  const { def } = await readDefinition(target);
  const callable = [...def.reducers, ...def.procedures].filter((one) => one.isCallable);
  const found = callable.find((one) => one.name === name || one.sourceName === name);
  if (found === undefined) {
    const names = callable.map((one) => one.name).join(', ');
    throw new Failure(`${target.database} has no reducer or procedure ${name}: it has ${names || 'none to call'}`);
  }
  const isMissing = found.params.slice(args.length).some(({ type }) => optionOf(type) === undefined);
  if (args.length > found.params.length || isMissing) {
    const seen = `${args.length} ${args.length === 1 ? 'argument was' : 'arguments were'} given`;
    throw new Failure(`${seen}, expected ${found.params.length}: ${name}(${paramsText(found.params, def.types)})`);
  }
  const body = `[${found.params.map((param, at) => argument(param, args[at] ?? 'null')).join(',')}]`;
  const path = databasePath(target.database, `/call/${encodeURIComponent(found.name)}`);
  const response = await ask(target.server, 'POST', path, { body, json: true });
  if (response.status === functionFailed) throw failure(found.name, await response.text());
  if (!response.ok) throw await refusal(target.server, response);
  const answer = await response.text();
  if (answer !== '') console.log(answer);
}

/** What the function threw for its caller; of anything else a server says no more than that it was fatal. */
function failure(name: string, message: string): Failure {
  if (message !== fatalMessage) return new Failure(message);
  const why = 'and nothing was changed: `helix logs` shows its owner why';
  return new Failure(`${name} failed, ${why}; what it throws as a SenderError is told to the caller`);
}

/** An argument is JSON; text for a parameter of text needs no quotes. Its digits are sent as they are written. */
function argument({ name, type }: Field, text: string): string {
  if (type.kind === 'string' && !/^\s*"/.test(text)) return JSON.stringify(text);
  try {
    JSON.parse(text);
    return text;
  } catch (error) {
    throw new Failure(`The argument ${name} is ${text}: expected JSON, such as 7, true, "text" or '{"x":1}'`, {
      cause: error,
    });
  }
}
