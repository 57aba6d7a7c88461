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
  | { readonly reducer: 'closeAll'; readonly owner: number }
  | { readonly reducer: 'remind'; readonly afterMicros: bigint };

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
    } else if (call.reducer === 'closeAll') {
      for (const { key, owner } of [...accounts.values()]) if (owner === call.owner) accounts.delete(key);
    }
    return true;
  }

  copy(): LedgerModel {
    const copy = new LedgerModel();
    for (const [key, account] of this.accounts) copy.accounts.set(key, account);
    return copy;
  }

  /** One line an account, ascending; of one owner only, if there is one. */
  lines(owner?: number): string {
    return linesOf([...this.accounts.values()].filter((account) => owner === undefined || account.owner === owner));
  }
}

export function linesOf(accounts: readonly Account[]): string {
  return accounts
    .map(({ key, owner, amount, name }) => `${key} of ${owner}: ${amount} ${name}`)
    .sort()
    .join('\n');
}
