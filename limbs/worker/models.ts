import { basename, dirname } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { watch } from 'chokidar';
import type { NoteRequest } from '../egress/index.ts';
import { LimbError, messageOf } from '../errors.ts';
import { keyOf, type ModelsConfig } from '../models/config/config.ts';
import type { Environment } from '../models/config/key.ts';
import { findModels } from '../models/find.ts';
import { LiveModels } from '../models/live.ts';
import type { Log } from './log.ts';

export interface WatchedModels {
  readonly models: LiveModels;
  /** Why the model that is configured is not known yet, in words; empty otherwise. */
  readonly lack: string;
  close(): Promise<void>;
}

export interface ModelsOptions {
  /** limb.toml, which need not be there. */
  readonly file: string;
  readonly env: Environment;
  readonly log: Log;
  /** Writes down what models are asked. */
  readonly note: NoteRequest;
  /** Hears every key that the configuration names. */
  readonly onSecret: (secret: string) => void;
  /** Hears that there are other models now, or that none are for another reason. */
  readonly onChange: () => void;
}

/** A file that is being written is read when so long nothing was added. */
const quietMs = 100;

/** So long after a look for a model, which found none, is the next one; the pause doubles each time. */
const lookMsMin = 1000;
const lookMsMax = 60_000;

/**
 * Opens the models, and takes others whenever limb.toml, or a key file (`*.key`) beside it, has changed. A configuration that
 * does not work is told and not taken. While there is no model, because its server does not answer or because there is none,
 * it is looked for again. Throws `LimbError` when the first configuration does not work.
 */
export async function openModels({ file, env, log, note, onSecret, onChange }: ModelsOptions): Promise<WatchedModels> {
  const read = async (): Promise<{ config: ModelsConfig; lack: string }> => {
    let lack = '';
    const config = await findModels(env, file, (error) => {
      lack = messageOf(error);
    });
    for (const { provider } of config.models) {
      const key = keyOf(provider);
      if (key !== undefined) onSecret(key);
    }
    return { config, lack };
  };
  const first = await read();
  const models = new LiveModels(first.config, { note });
  let { lack } = first;
  const lacks = (reason: string): void => {
    if (reason !== '' && reason !== lack) log('warn', `The language model is waited for: ${reason}`);
    lack = reason;
  };
  const readAgain = async (cause: string): Promise<void> => {
    const found = await read();
    // What works is not given up for what does not answer.
    if (found.lack !== '' && lack === '') throw new LimbError('model-away', found.lack);
    const isOther = !isDeepStrictEqual(found.config, models.config);
    if (!isOther && found.lack === lack) return;
    if (isOther) await models.replace(found.config);
    lacks(found.lack);
    if (isOther) {
      log('info', `${cause}: other models from the next task on`);
      tell(models, lack, log);
    }
    onChange();
  };
  const onFile = (): Promise<void> =>
    readAgain(`${file} has changed`).catch((error: unknown) =>
      log('error', `${file} has changed and was not taken; the limb goes on with what it had: ${messageOf(error)}`),
    );
  const look = (): Promise<void> =>
    readAgain('A language model was found').catch((error: unknown) => {
      // What is wrong with the file was told when it was written.
      if (lack === '' || messageOf(error) === lack) return;
      lacks(messageOf(error));
      onChange();
    });
  const watcher = watch(dirname(file), {
    depth: 0,
    ignoreInitial: true,
    awaitWriteFinish: { stabilityThreshold: quietMs, pollInterval: quietMs / 2 },
    ignored: (path) => path !== dirname(file) && path !== file && !basename(path).endsWith('.key'),
  });
  let last = Promise.resolve();
  watcher.on('all', () => {
    last = last.then(onFile);
  });
  await new Promise<void>((resolve) => {
    watcher.once('ready', () => resolve());
    watcher.on('error', (error) => {
      log('warn', `Changes of ${file} are not noticed: ${messageOf(error)}. Start the limb again after one.`);
      resolve();
    });
  });
  let lookMs = lookMsMin;
  let timer: NodeJS.Timeout | undefined;
  const lookLater = (): void => {
    if (models.name !== '') return;
    timer = setTimeout(() => {
      last = last.then(look).then(lookLater);
    }, lookMs);
    lookMs = Math.min(2 * lookMs, lookMsMax);
  };
  tell(models, lack, log);
  lookLater();
  return {
    models,
    get lack() {
      return lack;
    },
    async close() {
      await watcher.close();
      clearTimeout(timer);
      await last;
      clearTimeout(timer);
      await models.close();
    },
  };
}

function tell({ config: { source, models }, name: model }: LiveModels, lack: string, log: Log): void {
  if (lack !== '') log('warn', `The language model is waited for: ${lack}`);
  else
    log(
      'info',
      model === ''
        ? 'No language model: answers are quoted from the documents; `helix setup` adds one'
        : `Language model: ${model}, named by ${source}`,
    );
  for (const { name, provider } of models) {
    if ('missing' in provider.key) log('warn', `The model ${name} cannot be used: ${provider.key.missing}`);
  }
}
