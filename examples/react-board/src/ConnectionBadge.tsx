import { useEffect, useState } from 'react';
import { useSpacetimeDB } from 'spacetimedb/react';
import type { Person } from './bindings/types.ts';

interface Props {
  isReady: boolean;
  people: readonly Person[];
  server: string;
}

/** Says whether what is shown is live, and what to do when it is not. */
export function ConnectionBadge({ isReady, people, server }: Props) {
  const { isActive } = useSpacetimeDB();
  const [wasActive, setWasActive] = useState(false);
  const [isSlow, setIsSlow] = useState(false);
  useEffect(() => {
    if (isActive) setWasActive(true);
    setIsSlow(false);
    const timer = setTimeout(() => setIsSlow(true), 2000);
    return () => clearTimeout(timer);
  }, [isActive]);

  if (isActive && isReady) {
    const here = people.filter(({ windows }) => windows > 0).length;
    return (
      <p className="badge" data-connection="live">
        Live · {here} here
      </p>
    );
  }
  const state = wasActive ? 'Reconnecting…' : 'Connecting…';
  return (
    <p className="badge" data-connection="waiting">
      {state} {isSlow && !isActive && `Is ${server} running? Start it with npm run backend.`}
    </p>
  );
}
