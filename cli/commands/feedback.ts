import { type ClientOptions, runOnHub } from '../lib/client-command.ts';
import { Failure } from '../lib/failure.ts';
import { call } from '../lib/hub.ts';

const verdicts = { good: 'Good', bad: 'Bad', corrected: 'Corrected' } as const;

export type VerdictWord = keyof typeof verdicts | 'none';

/** Says what the caller thinks of the answer of a task. */
export async function feedback(
  taskId: bigint,
  verdict: VerdictWord,
  words: readonly string[],
  options: ClientOptions,
): Promise<void> {
  const text = words.join(' ').trim();
  if (verdict === 'corrected' && text === '') {
    throw new Failure('A correction says what the answer should have been: `helix feedback 17 corrected "It is 42."`');
  }
  await runOnHub(options, async (hub) => {
    const tag = verdict === 'none' ? undefined : { tag: verdicts[verdict] };
    await call(hub, hub.connection.reducers.giveFeedback({ taskId, verdict: tag, text }));
    console.log(
      verdict === 'none' ? `Took back what was said of task ${taskId}` : `Noted task ${taskId} as ${verdict}`,
    );
  });
}
