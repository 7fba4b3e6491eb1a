/** Every kind of token that an MCP server may be told about: of a person's grant, and a client's own. */
import { clientSubject, type MachineToken } from '../domain/machine-token.ts';
import type { AccessToken } from '../domain/types.ts';
import type { Store } from '../store/store.ts';

/** Finds a token that is live now, of either kind; none of a client for which `exclusion` has a reason. */
export const liveTokens =
  (
    store: Pick<Store, 'findAccessToken' | 'findMachineToken'>,
    exclusion: (clientId: string) => string | undefined,
  ): Store['findAccessToken'] =>
  async (hash, now) => {
    const access = await store.findAccessToken(hash, now);
    if (access !== undefined) return exclusion(access.clientId) === undefined ? access : undefined;
    const own = await store.findMachineToken(hash, now);
    return own && asAccess(own);
  };

const asAccess = (token: MachineToken): AccessToken => ({
  ...token,
  grantId: undefined,
  userId: clientSubject(token.clientId),
  liveUntil: token.expiresAt,
});
