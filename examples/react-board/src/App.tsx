import { SpacetimeDBProvider } from 'spacetimedb/react';
import { Board } from './Board.tsx';
import { DbConnection } from './bindings/index.ts';

const tokenKey = 'board-token';
const server = new URLSearchParams(location.search).get('server') ?? 'http://127.0.0.1:3000';

const connection = DbConnection.builder()
  .withUri(server)
  .withDatabaseName('board')
  .withToken(localStorage.getItem(tokenKey) ?? undefined)
  .onConnect((_, __, token) => localStorage.setItem(tokenKey, token));

export function App() {
  return (
    <SpacetimeDBProvider connectionBuilder={connection}>
      <Board server={server} />
    </SpacetimeDBProvider>
  );
}
