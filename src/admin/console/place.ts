/**
 * Where the console is: below the issuer, or on the admin listener at an address of its own; or nowhere.
 *
 * On a listener of its own it needs an address that browsers keep safe, https or this machine, because a session travels
 * in every request. Must never be in two places.
 */
import type { Config } from '../../config/config.ts';

export interface Place {
  /** What comes before `/admin` in a path. */
  readonly base: string;
  /** The only origin its forms may come from. */
  readonly origin: string;
  /** https: cookies are `__Host-` and Secure. */
  readonly secure: boolean;
  /** The upstream's callback is on the same listener, so people may sign in here. */
  readonly signIn: boolean;
}

const LOOPBACK = ['localhost', '127.0.0.1', '::1'];

/** Undefined: no console, because its address is not known to be safe. */
export function placeOf({ issuer, admin }: Pick<Config, 'issuer' | 'admin'>): Place | undefined {
  if (admin.listen === undefined) {
    const url = new URL(issuer);
    return {
      base: url.pathname.replace(/\/$/, ''),
      origin: url.origin,
      secure: url.protocol === 'https:',
      signIn: true,
    };
  }
  const { host, port } = admin.listen;
  const own = LOOPBACK.includes(host) ? `http://${host.includes(':') ? `[${host}]` : host}:${port}` : undefined;
  const origin = admin.url ?? own;
  return origin === undefined ? undefined : { base: '', origin, secure: origin.startsWith('https:'), signIn: false };
}

/** Where people open the console; undefined where there is none. */
export function consoleUrl(config: Pick<Config, 'issuer' | 'admin'>): string | undefined {
  const place = placeOf(config);
  return place === undefined ? undefined : `${place.origin}${place.base}/admin`;
}
