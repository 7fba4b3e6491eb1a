/**
 * How the registration endpoints refuse: the error of RFC 7591 3.2.2 or RFC 6750 3, never cached.
 *
 * Must never say of a client that it exists: every wrong registration access token gets the same answer.
 */
import type { Context } from 'hono';
import type { AppDeps, AppEnv } from '../ports.ts';

export type RegistrationError =
  | 'invalid_redirect_uri'
  | 'invalid_client_metadata'
  | 'invalid_token'
  | 'access_denied'
  | 'slow_down';

type Status = 400 | 401 | 403 | 413 | 429;

export type Refuse = (error: RegistrationError, description: string, status?: Status) => Response;

export const refusing =
  (c: Context<AppEnv>, deps: AppDeps): Refuse =>
  (error, description, status = 400) => {
    c.get('event').note({ outcome: 'refused', error, reason: description });
    deps.metrics.refused('register', error);
    if (status === 401) c.header('WWW-Authenticate', 'Bearer error="invalid_token"');
    return c.json({ error, error_description: description }, status);
  };

/** Registration answers hold credentials. */
export function keepOutOfCaches(c: Context<AppEnv>): void {
  c.header('Cache-Control', 'no-store');
  c.header('Pragma', 'no-cache');
}

export const bearerToken = (c: Context<AppEnv>): string | undefined =>
  /^bearer +(\S+)$/i.exec(c.req.header('authorization') ?? '')?.[1];

/** What metadata is judged by here. */
export const metadataPolicy = ({ issuer, plainHttp, registration }: AppDeps['config']) => ({
  issuer,
  redirectSchemes: registration.redirectSchemes,
  allowHttpLinks: plainHttp,
});
