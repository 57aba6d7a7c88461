import { expect, test } from 'vitest';
import { camelCase, identifierProblem, pascalCase, snakeCase } from './names.ts';

test.each([
  ['player1Id', 'player_1_id', 'Player1Id', 'player1Id'],
  ['oneU8', 'one_u_8', 'OneU8', 'oneU8'],
  ['user_name', 'user_name', 'UserName', 'userName'],
  ['HTTPServer', 'http_server', 'HttpServer', 'httpServer'],
  ['ABC', 'abc', 'Abc', 'abc'],
  ['already', 'already', 'Already', 'already'],
  ['Größe', 'größe', 'Größe', 'größe'],
  ['with-dash and space', 'with_dash_and_space', 'WithDashAndSpace', 'withDashAndSpace'],
])('[MOD17] %s is split into words', (name, snake, pascal, camel) => {
  expect(snakeCase(name)).toBe(snake);
  expect(pascalCase(name)).toBe(pascal);
  expect(camelCase(name)).toBe(camel);
});

test.each(['user', 'a', '_x', 'größe', 'name', 'x1', 'limits'])('[MOD18] %s is a name', (name) => {
  expect(identifierProblem(name)).toBeUndefined();
});

test.each(['', '1x', 'a b', 'a-b', 'select', 'Limit', 'e\u0301', '🍌', '$x'])('[MOD18] %j is no name', (name) => {
  expect(identifierProblem(name)).toBeDefined();
});
