/**
 * The shape of an upstream and of a resource in the configuration file.
 *
 * Must never accept a key it does not use, nor upstream parameters that would change the protocol (RFC 9700 4.4, 4.7).
 */
import { z } from 'zod';
import { FIXED_PARAMETERS } from '../upstream/presets.ts';
import { frontSettings } from './front-schema.ts';
import { report, secret, text, webAddress, yesNo } from './scalars.ts';

/** RFC 6749 3.3 scope-token. */
const SCOPE = /^[\x21\x23-\x5B\x5D-\x7E]{1,100}$/;

/** What the connector sets itself, and what else would change who is asked for what. */
const PROTOCOL_PARAMETERS: ReadonlySet<string> = new Set([
  ...FIXED_PARAMETERS,
  'client_assertion',
  'client_assertion_type',
  'code',
  'code_verifier',
  'grant_type',
  'id_token_hint',
]);

const parameters = z
  .record(text(100), text(1000))
  .superRefine((value, context) => {
    for (const name of Object.keys(value)) {
      if (!PROTOCOL_PARAMETERS.has(name.trim().toLowerCase())) continue;
      context.addIssue({
        code: 'custom',
        path: [name],
        message: `${name} belongs to the protocol and cannot be set`,
        params: { code: 'E114', fix: 'remove it; params is for extras such as prompt or access_type' },
      });
    }
  })
  .prefault({})
  .describe('Extra fixed authorization parameters, such as `prompt`; none of those the protocol uses.');

export const scopeToken = z.string().superRefine((value, context) => {
  if (!SCOPE.test(value))
    report(context, 'E112', 'this is not a scope name', 'use printable ASCII without spaces, quotes or backslashes');
});

const shared = {
  name: text(80).optional().describe('What people call it on the consent page.'),
  client_id: text().describe("The broker's own client id at this upstream."),
  client_secret: text()
    .meta({ secret: true })
    .optional()
    .describe('Its secret there; leave it out for a public client.'),
  scopes: z.array(scopeToken).max(100).optional().describe('Asked on every hop, beside those of the granted scopes.'),
  params: parameters,
  account_choice: parameters.describe(
    'Parameters added when a person asks to use another account, such as `{ prompt: select_account }`.',
  ),
  allow_private: yesNo()
    .prefault(false)
    .describe('Its endpoints may be on a private address (for its own calls only).'),
};

const endpoints = {
  authorization_endpoint: webAddress().optional().describe('Instead of the known one (RFC 6749 3.1).'),
  token_endpoint: webAddress().optional().describe('Instead of the known one (RFC 6749 3.2).'),
  userinfo_endpoint: webAddress().optional().describe('Instead of the known one.'),
  revocation_endpoint: webAddress().optional().describe('Instead of the known one (RFC 7009).'),
};

const issuer = webAddress().describe('OpenID Connect issuer, exactly as its discovery document writes it.');

const fixedProvider = z.strictObject({
  preset: z.enum(['google', 'slack', 'atlassian', 'notion', 'linear', 'discord', 'dropbox', 'zoom']),
  ...shared,
  ...endpoints,
});

const hostedProvider = z.strictObject({
  preset: z.enum(['github', 'github_app', 'gitlab', 'salesforce']),
  base_url: webAddress()
    .optional()
    .describe('`https://HOST` of GitHub Enterprise, of your own GitLab, or of a Salesforce My Domain.'),
  ...shared,
  ...endpoints,
});

const ownProvider = z.strictObject({
  preset: z.enum(['oidc', 'okta', 'auth0', 'keycloak', 'cognito']),
  issuer,
  ...shared,
  ...endpoints,
});

const entra = z.strictObject({
  preset: z.literal('entra'),
  tenant: z
    .string()
    .trim()
    .toLowerCase()
    .superRefine((value, context) => {
      if (!/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(value))
        report(
          context,
          'E106',
          'this is not a tenant id',
          'write the Directory (tenant) ID, 8-4-4-4-12 hexadecimal digits',
        );
    })
    .optional()
    .describe('Directory (tenant) ID whose people may sign in. Required unless any_tenant is true.'),
  any_tenant: yesNo()
    .prefault(false)
    .describe('People of every tenant, and personal accounts where the app allows them.'),
  base_url: webAddress().optional().describe('A national cloud: `https://login.microsoftonline.us`.'),
  ...shared,
  ...endpoints,
});

const oauth2 = z.strictObject({
  preset: z.literal('oauth2'),
  issuer: webAddress().optional().describe('When set, an `iss` in the answer must match it (RFC 9207).'),
  authorization_endpoint: webAddress().describe('RFC 6749 3.1.'),
  token_endpoint: webAddress().describe('RFC 6749 3.2.'),
  userinfo_endpoint: webAddress().describe(
    'Answers the bearer of an access token with a JSON object about the person.',
  ),
  revocation_endpoint: webAddress().optional().describe('RFC 7009.'),
  identity_from: z
    .enum(['userinfo', 'token_answer'])
    .prefault('userinfo')
    .describe('Whose fields say who came: `userinfo`, or `token_answer`.'),
  subject_field: text(100).describe(
    'Field that never changes for a person, dotted where it is inside another; never an e-mail address.',
  ),
  name_field: text(100).optional().describe('Field that people recognise, dotted where it is inside another.'),
  token_field: text(100).optional().describe("Dotted field with the person's tokens, where they are not at the top."),
  client_auth: z
    .enum(['basic', 'post'])
    .prefault('basic')
    .describe('Client authentication: `basic`, or `post` (body).'),
  token_body: z.enum(['form', 'json']).prefault('form').describe('How the token endpoint is asked: `form`, or `json`.'),
  scope_separator: z.enum(['space', 'comma']).prefault('space').describe('`space`, or `comma`.'),
  ...shared,
});

export const upstream = z.discriminatedUnion('preset', [hostedProvider, fixedProvider, entra, ownProvider, oauth2]);
export type UpstreamSettings = z.output<typeof upstream>;

const scope = z.strictObject({
  title: text(80).describe('What the person reads.'),
  description: text(200).optional().describe('One sentence more.'),
  risk: z.enum(['view', 'change', 'high']).describe('`view`, `change` or `high`: how the page weighs it.'),
  upstream: z.array(scopeToken).max(50).prefault([]).describe('Upstream scopes it needs.'),
  implies: z.array(scopeToken).max(50).prefault([]).describe('Scopes of the same resource it includes.'),
  optional: yesNo().prefault(false).describe('The person may leave it out.'),
  default: yesNo().prefault(false).describe('Granted when the request names no scope.'),
});

const rule = z.strictObject({
  methods: z
    .array(z.string().regex(/^[A-Z]{1,20}$/, 'write a method in capitals'))
    .max(20)
    .prefault([])
    .describe('HTTP methods; none stands for all.'),
  path: z
    .string()
    .regex(
      /^(\/[A-Za-z0-9._~!$&'()+,=:@-]+)*(\/|\/\*)?$/,
      'write a plain path such as /mcp, or /mcp/* for all below it',
    )
    .min(1)
    .describe('A path, or `/mcp/*` for `/mcp` and all below it.'),
  scopes: z.array(scopeToken).max(50).describe('All scopes the operation needs; none: any token of this resource.'),
});

export const resource = z.strictObject({
  url: webAddress().describe('Canonical resource identifier; the `aud` of every token for it.'),
  aliases: z.array(webAddress()).max(20).prefault([]).describe('Other identifiers that clients may send for it.'),
  name: text(80).describe('What people call the server.'),
  upstream: text(64).describe('Key of the upstream its people sign in at.'),
  access_tokens: z.enum(['opaque', 'jwt']).prefault('opaque').describe('`opaque`, or `jwt` (RFC 9068).'),
  credential: secret().optional().describe("The server's own secret for introspection, `/verify` and token exchange."),
  scopes: z.record(scopeToken, scope).prefault({}).describe('Its scopes by name.'),
  rules: z
    .array(rule)
    .max(200)
    .prefault([])
    .describe(
      'Which scopes an operation needs at `/verify`: the first rule that fits decides, what none fits is refused. Needs `trusted_proxies`.',
    ),
  upstream_token: yesNo()
    .prefault(false)
    .describe("Whether `/verify` hands the upstream's token to whoever shows this resource's `credential`; needs one."),
  ...frontSettings,
});
export type ResourceSettings = z.output<typeof resource>;
