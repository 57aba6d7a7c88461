import * as clack from '@clack/prompts';
import {
  firstForChat,
  type LocalServer,
  listModels,
  type PresetName,
  presets,
  providerAt,
} from '../../limbs/models/index.ts';
import { Failure } from './failure.ts';

/** What the wizard is to set up. */
export interface SetupChoice {
  readonly preset: PresetName;
  readonly baseUrl: string | undefined;
  readonly account: string | undefined;
  readonly key: string | undefined;
  readonly model: string;
}

/** The terminal, or streams in its place. */
export type PromptStreams = Pick<clack.CommonOptions, 'input' | 'output'>;

/** Asks a person for a server, its key and a model. @throws Failure when the person gives up */
export async function askForSetup(local: readonly LocalServer[], streams: PromptStreams = {}): Promise<SetupChoice> {
  clack.intro('Which language model shall answer?', streams);
  const found = local.map((server, at) => ({
    value: `local:${at}`,
    label: `${presets[server.preset].title} on this machine`,
    hint: `${server.models.length} models`,
  }));
  const known = Object.entries(presets).map(([value, { title, hint }]) => ({ value, label: title, hint }));
  const chosen = given(
    await clack.select({ message: 'Server', options: [...found, ...known], maxItems: 12, ...streams }),
  );
  const server = chosen.startsWith('local:') ? local[Number(chosen.slice('local:'.length))] : undefined;
  if (server) {
    const { preset, baseUrl, models } = server;
    const usual = baseUrl === presets[preset].baseUrl ? undefined : baseUrl;
    return { preset, baseUrl: usual, account: undefined, key: undefined, model: await askForModel(models, streams) };
  }
  const preset = chosen as PresetName;
  const { baseUrl: template, keyEnv, hint } = presets[preset];
  const baseUrl =
    template === undefined ? given(await clack.text({ message: `Address (${hint})`, ...streams })) : undefined;
  const account = template?.includes('{account}')
    ? given(await clack.text({ message: `Account (${hint})`, ...streams }))
    : undefined;
  const message = keyEnv === undefined ? 'Key (empty for none)' : `Key (${hint})`;
  const key = given(await clack.password({ message, ...streams })) || undefined;
  const address = baseUrl ?? template?.replace('{account}', account ?? '') ?? '';
  const models = await listModels(providerAt(preset, address, key)).catch((): string[] => []);
  return { preset, baseUrl, account, key, model: await askForModel(models, streams) };
}

async function askForModel(models: readonly string[], streams: PromptStreams): Promise<string> {
  if (models.length === 0) return given(await clack.text({ message: 'Model, as the server calls it', ...streams }));
  const first = firstForChat(models);
  const options = models.map((value) => ({ value, label: value }));
  return given(
    await clack.select({
      message: 'Model',
      options,
      maxItems: 12,
      ...(first ? { initialValue: first } : {}),
      ...streams,
    }),
  );
}

function given(answer: string | symbol | undefined): string {
  if (typeof answer === 'symbol') throw new Failure('Nothing was written');
  return answer ?? '';
}
