import { z } from 'zod';
import { lockFile } from '../../engine/index.ts';
import { type Limb, startLimb } from '../../limbs/index.ts';
import { defineSkill } from '../../limbs/skills/skill.ts';
import { answer } from '../lib/answer.ts';

/** A real limb whose one skill never ends by itself. */
export interface LimbAsks {
  /** Resolves when it is announced. */
  start(argument: { readonly folder: string; readonly url: string; readonly pairCode: string }): Promise<void>;
}

const hold = defineSkill({
  name: 'hold',
  input: z.object({}),
  work: (_input, { signal }) =>
    new Promise<never>((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason));
    }),
});

let limb: Limb | undefined;

const asks: LimbAsks = {
  async start({ folder, url, pairCode }) {
    let isAnnounced: () => void = () => {};
    const announced = new Promise<void>((resolve) => {
      isAnnounced = resolve;
    });
    const options = { folder, name: 'bench', version: '0', pairCode, env: {}, capacity: 1 };
    const log = (_level: string, message: string) => {
      if (message.startsWith('Connected to')) isAnnounced();
    };
    limb = await startLimb({ ...options, lockFile, hub: { url, database: 'helix' }, log }, async () => ({
      ...{ skills: [hold], model: '', sandbox: '' },
      memoryFacts: async () => ({ documentCount: 0, chunkCount: 0, byteCount: 0, engine: 'none' }),
      close: async () => {},
    }));
    await announced;
  },
};

answer(asks, () => limb?.stop(0));
