import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readRule } from '../../hub/rules/language.ts';
import { modelAt } from '../../limbs/testing/models.ts';
import { type OpenAiServer, says, startOpenAiServer } from '../../limbs/testing/openai-server.ts';
import { draftRule } from './draft-rule.ts';
import { ruleReference, ruleTemplate } from './rule-reference.ts';

const check = async (text: string) => {
  const read = readRule(text);
  return read.ok ? [] : read.problems.map((problem) => ({ ...problem }));
};

const rule = (number: number, more = '') =>
  `name: rule ${number}\non: build.failed\n${more}then: { notify: { title: "Build {{event.subject}} failed" } }`;

/** What people want, each with what a model might write of it, try by try, and what must come of it. */
const forms: readonly { readonly answers: (number: number) => readonly string[]; readonly ends: RegExp | 'valid' }[] = [
  { answers: (n) => [rule(n)], ends: 'valid' },
  { answers: (n) => [rule(n, 'by: payload.job\ncount: { atLeast: 2, within: 1h }\n')], ends: 'valid' },
  { answers: (n) => [`Here you are:\n\`\`\`yaml\n${rule(n)}\n\`\`\`\nIt fires at each failure.`], ends: 'valid' },
  { answers: (n) => [`<think>name: wrong</think>\n${rule(n)}`], ends: 'valid' },
  { answers: (n) => [rule(n).replace('on:', 'onn:'), rule(n)], ends: 'valid' },
  { answers: (n) => ['I would do it like this.', rule(n).replace('then:', 'den:'), rule(n)], ends: 'valid' },
  { answers: (n) => [rule(n, 'count: { atLeast: 0, within: 1h }\n')], ends: /no rule that the hub accepts in 3 tries/ },
  { answers: () => ['import os; os.system("rm -rf /")'], ends: /no rule that the hub accepts in 3 tries/ },
  { answers: () => ['a: &a [*a, *a]'], ends: /no rule that the hub accepts in 3 tries/ },
  {
    answers: () => ['CANNOT: a rule cannot look at the weather.'],
    ends: /says that no rule can do this: a rule cannot/,
  },
];

const prompts = Array.from({ length: 50 }, (_, number) => ({ words: `Wish ${number}: tell me of it`, number }));

let server: OpenAiServer;
let refused = 0;

beforeAll(async () => {
  server = await startOpenAiServer((response, asked) => {
    const messages = asked.body['messages'] as { role: string; content: string }[];
    const number = Number(/Wish (\d+)/.exec(messages[1]?.content ?? '')?.[1]);
    const answers = forms[number % forms.length]?.answers(number) ?? [];
    const tries = messages.filter(({ role }) => role === 'assistant').length;
    return says(answers[Math.min(tries, answers.length - 1)] ?? '')(response, asked);
  });
});

afterAll(() => server.close());

describe('a rule from words', () => {
  it.each(prompts)('of prompt $number is valid, or it is said why there is none', async ({ words, number }) => {
    const model = modelAt(server.baseUrl);
    const form = forms[number % forms.length];
    const onRefused = () => {
      refused += 1;
    };
    const drafted = draftRule({ words, model, check, onRefused, signal: new AbortController().signal });
    if (form?.ends === 'valid') {
      expect(readRule(await drafted)).toMatchObject({ ok: true, rule: { name: `rule ${number}` } });
    } else {
      await expect(drafted).rejects.toThrow(form?.ends);
    }
  });

  it('was given the mistakes of its tries, with line, column and hint', () => {
    const corrections = server.asked.flatMap(({ body }) =>
      (body['messages'] as { content: string }[]).filter(({ content }) => content.startsWith('This text is refused')),
    );
    expect(corrections.map(({ content }) => content).join('\n')).toMatch(
      /line 2, column 1: .*onn.*; did you mean on\?/,
    );
    // Of ten forms one is refused once, one twice and three three times: five rounds of them.
    expect(refused).toBe(5 * (1 + 2 + 3 * 3));
  });

  it('ends with the server’s own words when no model answers', async () => {
    const model = modelAt('http://127.0.0.1:9/v1');
    const signal = AbortSignal.timeout(20_000);
    await expect(draftRule({ words: 'x', model, check, signal })).rejects.toThrow(/127\.0\.0\.1:9/);
  });

  it('begins with a template that can be saved as it is, whatever the words', async () => {
    for (const words of ['tell me', 'a: "b" # {{c}}\n- d', '\u2028é'])
      expect(await check(ruleTemplate(words))).toEqual([]);
    expect(ruleReference).toContain('CANNOT:');
  });
});
