/** A confidential https client and a person who allowed it: everything that `skip_when_assured` asks for, one by one removable. */
import type { BrowserJar, JarResponse } from './browser-jar.ts';
import {
  answerOf,
  approveAs,
  authorizationUrl,
  newPkce,
  postForm,
  type RegisteredClient,
  register,
} from './mcp-client.ts';
import type { OidcWorld } from './victim.ts';

export const APP_REDIRECT = 'https://app.example.org/cb';

export const registerConfidential = (
  issuer: string,
  metadata: Readonly<Record<string, unknown>> = {},
): Promise<RegisteredClient> =>
  register(issuer, {
    client_name: 'Ledger',
    redirect_uris: [APP_REDIRECT],
    token_endpoint_auth_method: 'client_secret_basic',
    ...metadata,
  });

/** The person allows the client in `jar`; the answer that went to the client. */
export async function allowOnce(
  world: OidcWorld,
  jar: BrowserJar,
  person: string,
  client: RegisteredClient,
  changes: Readonly<Record<string, string | null>> = {},
  more: readonly (readonly [string, string])[] = [],
) {
  const pkce = newPkce();
  const page = await jar.get(authorizationUrl(world.setting.issuer, client, pkce, changes));
  const answered = await approveAs(person, jar, page, more);
  const code = answerOf(answered).get('code');
  if (code === null) throw new Error(`no code: ${answered.status} ${answered.body.slice(0, 300)}`);
  return { pkce, code, page, answered };
}

/** Redeems as a confidential client does: by HTTP Basic. */
export const redeemBasic = (
  issuer: string,
  client: RegisteredClient,
  code: string,
  verifier: string,
): Promise<Response> =>
  postForm(
    `${issuer}/token`,
    { grant_type: 'authorization_code', code, redirect_uri: client.redirect_uris[0] ?? '', code_verifier: verifier },
    { authorization: `Basic ${Buffer.from(`${client.client_id}:${client.client_secret}`).toString('base64')}` },
  );

/** Whether the answer to `/authorize` went on without a page: a 303 to a hand-off of ours. */
export const skipped = (world: OidcWorld, answer: JarResponse): boolean =>
  answer.status === 303 &&
  new RegExp(`^${world.setting.issuer}/consent/jny_[A-Za-z0-9_-]+/go$`).test(answer.next ?? '');
