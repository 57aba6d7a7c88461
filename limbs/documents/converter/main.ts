import { LimbError, messageOf } from '../../errors.ts';
import { parse } from '../formats/parse.ts';
import type { ConvertedMessage, ConvertMessage } from './messages.ts';

// A process of its own: what a hostile file makes a parser do ends here, and nothing of the limb is in its memory.

process.on('message', ({ kind, path, bytes }: ConvertMessage) => {
  void answer(kind, path, bytes).then((message) => process.send?.(message));
});
process.on('disconnect', () => process.exit(0));

async function answer(kind: ConvertMessage['kind'], path: string, bytes: Uint8Array): Promise<ConvertedMessage> {
  try {
    return { parsed: await parse(kind, path, bytes) };
  } catch (error) {
    if (error instanceof LimbError) return { reason: error.message };
    return { reason: `it cannot be read as ${kind} (${messageOf(error)})` };
  }
}
