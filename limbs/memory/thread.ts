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
  known: (tenant, path) => opened().known(tenant, path),
  missing: (tenant, hashes) => opened().missing(tenant, hashes),
  replace: (tenant, document, chunks) => opened().replace(tenant, document, chunks),
  forgetOthers: (tenant, path, kept) => opened().forgetOthers(tenant, path, kept),
  loads: (newCount) => opened().loads(newCount),
  settle: (tenant, isQuiet) => opened().settle(tenant, isQuiet),
  search: (query) => opened().search(query),
  stats: (tenant) => opened().stats(tenant),
  async close() {
    await opened().close();
    store = undefined;
  },
});
