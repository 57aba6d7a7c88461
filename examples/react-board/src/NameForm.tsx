import { type FormEvent, useState } from 'react';
import { useReducer } from 'spacetimedb/react';
import { reducers } from './bindings/index.ts';

interface Props {
  name: string;
  attempt(call: Promise<void>): Promise<boolean>;
}

export function NameForm({ name, attempt }: Props) {
  const rename = useReducer(reducers.rename);
  const [draft, setDraft] = useState('');

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault();
    if (await attempt(rename({ name: draft }))) setDraft('');
  }

  return (
    <form className="name" onSubmit={submit}>
      <input
        aria-label="Your name"
        placeholder={`You are ${name}`}
        value={draft}
        onChange={(event) => setDraft(event.target.value)}
      />
      <button type="submit">Rename</button>
    </form>
  );
}
