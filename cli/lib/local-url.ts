/** How this machine reaches a hub that listens on all addresses. */
export function localUrl(url: string): string {
  return url.replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:');
}

/** The origin of an address, the same one for all names of this machine's loopback. */
export function plainOrigin(url: string): string {
  const { origin } = new URL(url);
  return origin.replace(/^(https?:\/\/)localhost(?=:|$)/, '$1127.0.0.1');
}
