/**
 * Who may ask `/verify`, and what the operation needs that the proxy asks about.
 *
 * The proxy proves itself by the resource's credential, unless we listen on loopback (contract ruling 17). Where the
 * resource has rules, a trusted proxy says what was asked for. Must never believe such a header from anybody else.
 */
import type { IncomingMessage } from 'node:http';
import type { Context } from 'hono';
import type { ResourceConfig } from '../config/config.ts';
import { type Refusal, refuseOtherWay } from '../domain/access.ts';
import { requirementOf } from '../domain/access-rules.ts';
import { resourceOrigin } from '../domain/resource-metadata.ts';
import type { AppDeps, AppEnv } from '../ports.ts';
import { sentHeaders } from '../security/parameters.ts';
import { headerOf } from '../security/quick-answer.ts';
import { hashSecret } from '../security/secrets.ts';
import { createTrustedPeer } from '../security/source.ts';
import { originalRequest } from './original-request.ts';

/** What a request to `/verify` says, however it reached us. */
export interface Asked {
  readonly header: (name: string) => string | undefined;
  readonly method: string;
  /** The address of the request line, as it came. */
  readonly target: string;
  readonly peer: string | undefined;
}

export const askedOfNode = (request: IncomingMessage): Asked => ({
  header: (name) => headerOf(request, name),
  method: request.method ?? '',
  target: request.url ?? '',
  peer: request.socket.remoteAddress,
});

export function askedOf(c: Context<AppEnv>): Asked {
  const { incoming } = c.env as { incoming?: { url?: string; socket?: { remoteAddress?: string } } };
  const { url: target = '', socket } = incoming ?? {};
  return { header: sentHeaders(c), method: c.req.method, target, peer: socket?.remoteAddress };
}

/** What the operation needs; or why it is not judged at all. */
type Needed =
  | { readonly ok: true; readonly scopes: readonly string[] }
  | { readonly ok: false; readonly reason: string; readonly refusal?: Refusal };

type CallerProof = (asked: Asked, resource: ResourceConfig) => 'proven' | 'neighbour' | 'refused';

/** The credential of the resource; on a loopback listener whoever is on this machine may do without. */
export function callerProof({ config }: AppDeps): CallerProof {
  const loopback = ['127.0.0.1', '::1', 'localhost'].includes(config.listen.host);
  return ({ header }, resource) => {
    const shown = header('x-broker-credential');
    if (shown === undefined) return loopback ? 'neighbour' : 'refused';
    // Both are SHA-256, so how far they agree says nothing about the credential.
    return hashSecret(shown) === resource.credentialHash ? 'proven' : 'refused';
  };
}

export function requirements({ config }: AppDeps): (asked: Asked, resource: ResourceConfig) => Needed {
  const trusted = createTrustedPeer(config.trustedProxies);
  return ({ header, method, target, peer }, resource) => {
    if (resource.rules.length === 0) return NOTHING_NEEDED;
    if (!trusted(peer))
      return { ok: false, reason: 'the peer is not among trusted_proxies, so nobody says what was asked for' };
    const original = originalRequest({
      header,
      method,
      rest: behindResource(target, resource.key),
    });
    if (!original.ok) return original;
    if (original.host !== undefined && !isHostOf(resource, original.host))
      return { ok: false, reason: 'another host was asked for than the one of the resource' };
    const requirement = requirementOf(original.operation, resource.rules);
    if (requirement.kind === 'scopes') return { ok: true, scopes: requirement.scopes };
    return requirement.kind === 'refused'
      ? { ok: false, reason: requirement.reason }
      : { ok: false, reason: 'a token in the query', refusal: refuseOtherWay(resource, []) };
  };
}

const NOTHING_NEEDED: Needed = { ok: true, scopes: [] };

/** The request line's address behind `/verify/{resource}`, as it came. */
function behindResource(target: string, key: string): string {
  const address = `/verify/${key}`;
  const at = target.indexOf(address);
  return at < 0 ? '' : target.slice(at + address.length);
}

const isHostOf = (resource: ResourceConfig, host: string): boolean =>
  [resource.url, ...resource.aliases].some(
    (url) =>
      resourceOrigin({ url })
        .replace(/^[a-z]+:\/\//, '')
        .replace(/:\d+$/, '') === host,
  );
