/**
 * Who may ask `/verify`, and what the operation needs that the proxy asks about.
 *
 * The proxy proves itself by the resource's credential, unless we listen on loopback (contract ruling 17). Where the
 * resource has rules, a trusted proxy says what was asked for. Must never believe such a header from anybody else.
 */
import type { Context } from 'hono';
import type { ResourceConfig } from '../config/config.ts';
import { type Refusal, refuseOtherWay } from '../domain/access.ts';
import { requirementOf } from '../domain/access-rules.ts';
import { resourceOrigin } from '../domain/resource-metadata.ts';
import type { AppDeps, AppEnv } from '../ports.ts';
import { sentHeaders } from '../security/parameters.ts';
import { hashSecret } from '../security/secrets.ts';
import { createTrustedPeer } from '../security/source.ts';
import { originalRequest } from './original-request.ts';

type Asked = Context<AppEnv>;

/** What the operation needs; or why it is not judged at all. */
type Needed =
  | { readonly ok: true; readonly scopes: readonly string[] }
  | { readonly ok: false; readonly reason: string; readonly refusal?: Refusal };

type CallerProof = (c: Asked, resource: ResourceConfig) => 'proven' | 'neighbour' | 'refused';

/** The credential of the resource; on a loopback listener whoever is on this machine may do without. */
export function callerProof({ config }: AppDeps): CallerProof {
  const loopback = ['127.0.0.1', '::1', 'localhost'].includes(config.listen.host);
  return (c, resource) => {
    const shown = sentHeaders(c)('x-broker-credential');
    if (shown === undefined) return loopback ? 'neighbour' : 'refused';
    // Both are SHA-256, so how far they agree says nothing about the credential.
    return hashSecret(shown) === resource.credentialHash ? 'proven' : 'refused';
  };
}

export function requirements({ config }: AppDeps): (c: Asked, resource: ResourceConfig) => Needed {
  const trusted = createTrustedPeer(config.trustedProxies);
  return (c, resource) => {
    if (resource.rules.length === 0) return NOTHING_NEEDED;
    if (!trusted(peerOf(c)))
      return { ok: false, reason: 'the peer is not among trusted_proxies, so nobody says what was asked for' };
    const original = originalRequest({
      header: sentHeaders(c),
      method: c.req.method,
      rest: behindResource(c, resource.key),
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

const peerOf = (c: Asked): string | undefined =>
  (c.env as { incoming?: { socket?: { remoteAddress?: string } } }).incoming?.socket?.remoteAddress;

/** The request line's address behind `/verify/{resource}`, as it came. */
function behindResource(c: Asked, key: string): string {
  const line = (c.env as { incoming?: { url?: string } }).incoming?.url ?? '';
  const address = `/verify/${key}`;
  const at = line.indexOf(address);
  return at < 0 ? '' : line.slice(at + address.length);
}

const isHostOf = (resource: ResourceConfig, host: string): boolean =>
  [resource.url, ...resource.aliases].some(
    (url) =>
      resourceOrigin({ url })
        .replace(/^[a-z]+:\/\//, '')
        .replace(/:\d+$/, '') === host,
  );
