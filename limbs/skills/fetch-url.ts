import { createHash } from 'node:crypto';
import { z } from 'zod';
import { pageOf } from '../reach/page.ts';
import { clipBytes } from '../summary.ts';
import { counted } from '../text.ts';
import {
  bodyBytesMax,
  formatInput,
  type ReachMeans,
  reachFor,
  requireSuccess,
  timeoutInput,
  urlInput,
} from './reaching.ts';
import { defineSkill, type Skill } from './skill.ts';

const input = z.strictObject({
  url: urlInput,
  method: z.enum(['GET', 'HEAD']).default('GET'),
  timeoutMs: timeoutInput.default(20_000),
  /** `json` for programs: url, status, type, title, text and whether that is all of it. */
  format: formatInput,
});

const textBytesMax = 2400;

/** Reads one address as text. */
export function fetchUrlSkill(means: ReachMeans): Skill {
  return defineSkill({
    name: 'fetch_url',
    input,
    async work({ url, method, timeoutMs, format }, { signal, progress }) {
      progress(`${method} ${url}`);
      const got = await reachFor({ url, method, timeoutMs }, means, signal);
      requireSuccess(got);
      const { title, text } = method === 'HEAD' ? { title: '', text: '' } : await pageOf(got, signal);
      const { status, type, isCut, body, answerMs } = got;
      const clipped = clipBytes(text, textBytesMax);
      const isWhole = !isCut && clipped.length === text.length;
      const facts = { url: got.url, status, type, title: clipBytes(title, 200), isWhole, text: clipped };
      const size = counted(body.length, 'byte');
      return {
        text:
          format === 'json'
            ? JSON.stringify(facts)
            : [title && `# ${title}`, clipped].filter(Boolean).join('\n\n') || size,
        engine: 'fetch_url',
        note: `${status} ${type || 'no type'}, ${isCut ? `the first ${bodyBytesMax} bytes` : size}${isWhole ? '' : '; the text is cut'}.`,
        artefacts: method === 'HEAD' ? [] : [createHash('sha256').update(body).digest('hex')],
        citations: [{ document: got.url, section: title, quote: '' }],
        timings: [{ name: 'answer', durationMs: answerMs }],
      };
    },
  });
}
