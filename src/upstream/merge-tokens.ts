/**
 * What is kept when an upstream answers a refresh (RFC 6749 6; requirements C-12).
 *
 * Must never replace a refresh token with nothing: Google and others give it once.
 */
import type { UpstreamTokens } from './connector.ts';

/** `next` over `kept`: the newer access token with its own life, and the older refresh token where no newer one came. */
export function mergeTokens(kept: UpstreamTokens, next: UpstreamTokens): UpstreamTokens {
  return { ...next, refreshToken: next.refreshToken ?? kept.refreshToken };
}
