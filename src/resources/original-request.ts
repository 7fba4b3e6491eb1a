/**
 * What was asked of the proxy that asks us: method, target and host, where the proxy is one of ours.
 *
 * Traefik and Caddy say it in `X-Forwarded-*`, nginx and its ingress in `X-Original-*`, Envoy in the path behind
 * `/verify/{resource}`. They count only from a peer in `trusted_proxies` (CVE-2026-40575, CVE-2026-76835); two that
 * contradict each other mean that a client's own header came through, and nothing is believed then.
 */
import type { Operation } from '../domain/access-rules.ts';

const METHODS = ['x-forwarded-method', 'x-original-method'] as const;
const TARGETS = ['x-forwarded-uri', 'x-original-uri', 'x-original-url'] as const;
const HOST = 'x-forwarded-host';
const ABSOLUTE = /^https?:\/\/([^/?#]*)(.*)$/i;

export interface AskedOfProxy {
  readonly header: (name: string) => string | undefined;
  /** Our own request line: its method, and what comes behind the resource's address. */
  readonly method: string;
  readonly rest: string;
}

export type OriginalRequest =
  | {
      readonly ok: true;
      readonly operation: Operation /** As said, in lower case, without port. */;
      readonly host: string | undefined;
    }
  | { readonly ok: false; readonly reason: string };

/** Reads what a trusted proxy said; the caller has made sure that it is one. */
export function originalRequest({ header, method, rest }: AskedOfProxy): OriginalRequest {
  const behind = rest.startsWith('/');
  const said = (names: readonly string[]) => names.map(header).filter((value) => value !== undefined);
  const targets = said(TARGETS).map((target) => ABSOLUTE.exec(target)?.slice(1) ?? [undefined, target]);
  const hosts = [header(HOST), ...targets.map(([host]) => host)].filter((host) => host !== undefined).map(hostName);
  const paths = [...targets.map(([, path]) => path || '/'), ...(behind ? [rest] : [])];
  const methods = [...said(METHODS), ...(behind ? [method] : [])];
  const [target, operationMethod, host] = [paths, methods, hosts].map(theOne);
  if (target === null || operationMethod === null || host === null)
    return { ok: false, reason: 'the headers of the proxy contradict each other; a client’s own came through' };
  if (target === undefined || operationMethod === undefined)
    return { ok: false, reason: 'the proxy did not say which method and address were asked for' };
  return { ok: true, operation: { method: operationMethod, target }, host };
}

/** The one value; undefined when there is none, null when there are different ones. */
function theOne(values: readonly string[]): string | undefined | null {
  const [first, ...others] = values;
  return others.every((other) => other === first) ? first : null;
}

const hostName = (host: string): string => host.replace(/:\d*$/, '').toLowerCase();
