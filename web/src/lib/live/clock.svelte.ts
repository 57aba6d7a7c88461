import { createSubscriber } from 'svelte/reactivity';

const track = createSubscriber((update) => {
  const timer = setInterval(update, 1000);
  return () => clearInterval(timer);
});

/** Now, in milliseconds since the epoch; whoever shows it is shown again each second. */
export function now(): number {
  track();
  return Date.now();
}
