/** An account as the ledger module stores it, without its number. */
export interface Account {
  readonly key: number;
  readonly owner: number;
  readonly amount: bigint;
  readonly name: string;
}

export type LedgerCall =
  | ({ readonly reducer: 'open' } & Account)
  | { readonly reducer: 'move'; readonly from: number; readonly to: number; readonly amount: bigint }
  | { readonly reducer: 'rename'; readonly key: number; readonly name: string }
  | { readonly reducer: 'closeAll'; readonly owner: number };

/** The ledger in a few lines, to compare with. */
export class LedgerModel {
  readonly accounts = new Map<number, Account>();

  /** @returns false when the call is refused, which changes nothing */
  apply(call: LedgerCall): boolean {
    const { accounts } = this;
    if (call.reducer === 'open') {
      const { key, owner, amount, name } = call;
      if (accounts.has(key)) return false;
      accounts.set(key, { key, owner, amount, name });
    } else if (call.reducer === 'rename') {
      const found = accounts.get(call.key);
      if (!found) return false;
      accounts.set(call.key, { ...found, name: call.name });
    } else if (call.reducer === 'move') {
      const [source, target] = [accounts.get(call.from), accounts.get(call.to)];
      if (!source || !target) return false;
      accounts.set(call.from, { ...source, amount: source.amount - call.amount });
      const receiving = accounts.get(call.to) ?? target;
      accounts.set(call.to, { ...receiving, amount: receiving.amount + call.amount });
    } else {
      for (const { key, owner } of [...accounts.values()]) if (owner === call.owner) accounts.delete(key);
    }
    return true;
  }

  /** One line an account, ascending. */
  lines(): string[] {
    return [...this.accounts.values()].map(accountLine).sort();
  }
}

export function accountLine({ key, owner, amount, name }: Account): string {
  return `${key} of ${owner}: ${amount} ${name}`;
}
