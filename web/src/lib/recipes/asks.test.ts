import { expect, it } from 'vitest';
import { type Ask, inputsOf } from './asks.ts';

function ask(name: string, type: Ask['type'], more: Partial<Ask> = {}): Ask {
  return { name, type, about: '', isRequired: true, preset: '', choices: [], ...more };
}

it('sends what was asked for, each as what it is to be', () => {
  const asks = [ask('a', 'text'), ask('b', 'number'), ask('c', 'boolean'), ask('d', 'list'), ask('e', 'any')];
  const given = { a: '5', b: ' 5', c: 'true', d: 'x\ny', e: '{"f": null}' };
  expect(JSON.parse(inputsOf(asks, given))).toEqual({ a: '5', b: 5, c: true, d: ['x', 'y'], e: { f: null } });
});

it('leaves out what need not be given, and takes presets', () => {
  const asks = [ask('a', 'text', { isRequired: false }), ask('b', 'text', { isRequired: false, preset: '"hey"' })];
  expect(inputsOf(asks, {})).toBe('{"b":"hey"}');
});

it('says which input cannot be sent, and why', () => {
  expect(() => inputsOf([ask('a', 'text')], {})).toThrow('a: missing');
  expect(() => inputsOf([ask('a', 'number')], { a: 'five' })).toThrow('a: number');
  expect(() => inputsOf([ask('a', 'any')], { a: '{' })).toThrow('a: json');
});
