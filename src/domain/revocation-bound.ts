/**
 * How long what an app already holds may outlive a revocation: what the pages, the API and the commands say of it.
 *
 * Nothing where every use is asked about here. Where a server checks signed tokens by itself (RFC 9068), up to the end
 * of the last one issued. Must never promise less than the longest life that a token may still have.
 */
import type { Resource, Seconds } from './types.ts';

/** Before a revocation, when one more token may be issued any moment: the whole life of one. 0 means at once. */
export const revocationBound = ({ accessTokens }: Pick<Resource, 'accessTokens'>, accessLife: Seconds): Seconds =>
  accessTokens === 'jwt' ? accessLife : 0;

/** When none is issued any more: what is left of the last one's life. 0 means that it has ended. */
export const remainingLife = (
  { accessTokens }: Pick<Resource, 'accessTokens'>,
  lastEnd: Seconds | undefined,
  now: Seconds,
): Seconds => (accessTokens === 'jwt' && lastEnd !== undefined ? Math.max(0, lastEnd - now) : 0);
