import { expect, it } from 'vitest';
import { parseDocument } from 'yaml';
import { yamlOfToml } from './convert.ts';

const toml = `# What it is for
name = "news # not a comment" # its name

# First of all
[[steps]]
id = "fetch" # the first
skill = "reason"
input.question = """
# a line of the text
end"""

# Then
[[steps]]
id = 'say # it'
output = [
  "{{steps.fetch.text}}", # what came
]
# The end
`;

it('is the same recipe in YAML, and each comment stands where it belongs', () => {
  const yaml = yamlOfToml(toml);
  expect(parseDocument(yaml).toJS()).toEqual({
    name: 'news # not a comment',
    steps: [
      { id: 'fetch', skill: 'reason', input: { question: '# a line of the text\nend' } },
      { id: 'say # it', output: ['{{steps.fetch.text}}'] },
    ],
  });
  expect([...yaml.matchAll(/^ *# .*$/gm)].map(([line]) => line.trim())).toEqual([
    ...['# What it is for', '# its name', '# First of all', '# the first', '# a line of the text'],
    ...['# Then', '# what came', '# The end'],
  ]);
  expect(yaml.indexOf('# First of all')).toBeLessThan(yaml.indexOf('id: fetch'));
  expect(yaml.indexOf('# Then')).toBeGreaterThan(yaml.indexOf('id: fetch'));
});
