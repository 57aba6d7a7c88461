import { toSql } from 'spacetimedb';
import { tables } from '$bindings/index.ts';
import type { Mesh } from '../live/mesh.svelte.ts';
import type { Notification, Reading } from '../live/model.ts';
import type { Refusal } from '../live/refusals.svelte.ts';
import { LiveRows } from '../live/rows.svelte.ts';

/** Of all tenants of the member: enough to look through. */
const newestCount = 200;

/** What the member is told, and has read. */
export class Inbox {
  readonly #mesh: Mesh;
  readonly #notifications: LiveRows<Notification>;
  readonly #readings: LiveRows<Reading>;

  /** Newest first. */
  readonly list = $derived.by(() => {
    const own = this.#notifications.list.filter(({ tenantId }) => tenantId === this.#mesh.tenant?.id);
    return own.sort((a, b) => (a.id < b.id ? 1 : -1));
  });
  readonly #reading = $derived.by(() => this.#readings.list.find(({ tenantId }) => tenantId === this.#mesh.tenant?.id));
  readonly unread = $derived.by(() => this.list.filter((notification) => !this.isRead(notification)).length);
  readonly isLoaded = $derived.by(() => this.#notifications.isLoaded && this.#readings.isLoaded);

  constructor(mesh: Mesh) {
    this.#mesh = mesh;
    this.#notifications = new LiveRows<Notification>(mesh.link, {
      table: (db) => db.notifications,
      query: `SELECT * FROM notifications ORDER BY id DESC LIMIT ${newestCount}`,
    });
    this.#readings = new LiveRows<Reading>(mesh.link, { table: (db) => db.readings, query: toSql(tables.readings) });
    mesh.link.onSession(() => {
      this.#notifications.clear();
      this.#readings.clear();
    });
  }

  get refusals(): readonly Refusal[] {
    return [this.#notifications.refusal, this.#readings.refusal];
  }

  isRead({ id }: Notification): boolean {
    return this.#reading !== undefined && (id <= this.#reading.upTo || this.#reading.ids.includes(id));
  }

  /** Marks one as read, or all. @throws the hub's rejection */
  async read(notification?: Notification): Promise<void> {
    const tenantId = this.#mesh.tenant?.id;
    if (tenantId === undefined) return;
    const what = notification ? { all: false, ids: [notification.id] } : { all: true, ids: [] };
    await this.#mesh.link.call((reducers) => reducers.readNotifications({ tenantId, ...what }));
  }
}
