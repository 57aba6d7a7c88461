import { Failure } from './failure.ts';
import type { Hub } from './hub.ts';

/** A text as a literal of SQL. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** Opens a subscription to queries written as SQL; settles when their rows are there. */
export function subscribeSql(hub: Hub, ...queries: readonly string[]): Promise<void> {
  const applied = new Promise<void>((resolve, reject) => {
    hub.connection
      .subscriptionBuilder()
      .onApplied(() => resolve())
      .onError((context) => reject(context.event ?? new Failure('The hub refused a subscription')))
      .subscribe([...queries]);
  });
  return Promise.race([applied, hub.lost]);
}
