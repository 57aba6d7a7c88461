import { LimbError } from '../errors.ts';
import { serveThread } from '../threads/serve.ts';
import { openStore, type Store, type StoreOptions } from './store.ts';

/** What the store's thread does for the main one; everything but `open` wants an open store. */
export interface StoreThread extends Store {
  open(options: StoreOptions): Promise<void>;
}

let store: Store | undefined;

function opened(): Store {
  if (!store) throw new LimbError('memory-closed', 'The memory is not open.');
  return store;
}

serveThread<StoreThread>({
  async open(options) {
    store = await openStore(options);
  },
  hashOf: (tenant, path) => opened().hashOf(tenant, path),
  replace: (tenant, document, chunks) => opened().replace(tenant, document, chunks),
  forgetOthers: (tenant, path, kept) => opened().forgetOthers(tenant, path, kept),
  search: (tenant, query, embedding, limit) => opened().search(tenant, query, embedding, limit),
  stats: () => opened().stats(),
  async close() {
    await opened().close();
    store = undefined;
  },
});
