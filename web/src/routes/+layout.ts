// The page is a client of the hub: nothing of it is rendered elsewhere.
export const ssr = false;
