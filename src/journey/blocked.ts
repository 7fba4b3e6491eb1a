/**
 * A person's own block of an app, on the way of a request: no page to allow on, no code (pages: Block this app for me).
 *
 * It is the person's choice and nobody else's; the app is told nothing.
 */
import type { Context } from 'hono';
import { appKeyOf, type ClientView, identityOf } from '../browser/client-identity.ts';
import { refusePage } from '../browser/error-page.ts';
import { ownPath } from '../browser/responder.ts';
import type { Visitor } from '../browser/visitor.ts';
import type { Block } from '../domain/types.ts';
import type { AppDeps, AppEnv } from '../ports.ts';

/** The person's block of this client, or of whatever has its name and destination. */
export const ownBlock = (
  deps: AppDeps,
  userId: string,
  client: ClientView,
  request: { readonly redirectUri: string },
): Promise<Block | undefined> =>
  deps.store.findBlock(userId, client.id, appKeyOf(identityOf(deps, client, request.redirectUri)));

export const refuseBlocked = (c: Context<AppEnv>, deps: AppDeps, visitor: Visitor): Response =>
  refusePage(c, deps, visitor.session, {
    code: 'app_blocked',
    reason: 'the person has blocked this app',
    links: { account: `${ownPath(deps, '/account')}#blocked` },
  });
