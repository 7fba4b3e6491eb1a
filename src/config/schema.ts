/**
 * The shape of the configuration file: every setting, its default and its meaning in one sentence.
 *
 * docs/configuration.md is written from this file. Objects are strict: an unknown key is an error. What one setting
 * means for another is judged in checks.ts.
 */
import { z } from 'zod';
import { parseUrl } from '../domain/parse-url.ts';
import { hasSafeScheme, proxyRangeProblem } from './addresses.ts';
import { adminSettings } from './admin-schema.ts';
import { catalogEntry } from './catalog-schema.ts';
import { client, FOREIGN_SCHEMES } from './client-schema.ts';
import { newClients, quarantineExpiry, trace, webhook } from './oversight-schema.ts';
import { duration, listener, report, secret, text, wholeNumber, yesNo } from './scalars.ts';
import { resource, upstream } from './upstream-schema.ts';

const issuer = text(500)
  .superRefine((value, context) => {
    const url = parseUrl(value);
    if (url === undefined)
      return report(context, 'E103', `"${value}" is not an absolute address`, 'write https://auth.example.com');
    if (!hasSafeScheme(url))
      return report(
        context,
        'E104',
        'the issuer must use https',
        `write https://${url.host}, or use localhost while you try things out`,
      );
    const canonical = `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
    if (value === canonical) return;
    report(
      context,
      'E103',
      'the issuer has more than scheme, host and path, or is not in its normal form',
      `write ${canonical}`,
    );
  })
  .describe(
    'Immutable identity of this broker and the base of every address it publishes. https, unless on loopback; no trailing slash.',
  );

const database = text(1000)
  .superRefine((value, context) => {
    if (/^sqlite:.+/.test(value) || (/^postgres(ql)?:\/\//.test(value) && parseUrl(value) !== undefined)) return;
    report(context, 'E106', 'this is not a database', 'write sqlite:./data/broker.db or postgres://user@host/database');
  })
  .meta({ secret: 'password' });

const bucketShape = z.strictObject({ per_minute: wholeNumber(1, 1_000_000), burst: wholeNumber(1, 1_000_000) });

const bucket = (perMinute: number, burst: number) =>
  z.union([z.literal('off'), bucketShape]).prefault({ per_minute: perMinute, burst });

const keyed = <T extends z.ZodType>(value: T) =>
  z.record(
    z.string().superRefine((key, context) => {
      if (!/^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/.test(key))
        report(context, 'E106', `"${key}" cannot be a key`, 'use letters, digits, - and _');
    }),
    value,
  );

const accent = z.string().superRefine((value, context) => {
  if (!/^#([0-9a-f]{3}|[0-9a-f]{6})$/i.test(value))
    report(context, 'E120', 'the accent is not a colour', 'write it in quotes as "#0b5c70"');
});

const proxyRange = z.string().superRefine((value, context) => {
  const found = proxyRangeProblem(value);
  if (found !== undefined) report(context, 'E116', found.problem, found.fix);
});

const scheme = z.string().superRefine((value, context) => {
  const fix = 'list the schemes of native apps, such as cursor or vscode';
  if (!/^[a-z][a-z0-9+.-]*$/.test(value))
    return report(context, 'E118', `"${value}" is not a scheme in lower case without colon`, fix);
  if (FOREIGN_SCHEMES.has(value)) report(context, 'E118', `${value} cannot be a redirect scheme`, fix);
});

const host = z.string().regex(/^[a-z0-9.-]+$/, 'write a host name in lower case');
const hostAndPort = z.string().regex(/^(\[[0-9a-f:]+\]|[a-z0-9.-]+):\d{1,5}$/, 'write host:port');

/** Something the format has a place for and this version does not do. */
const notYet = (what: string) =>
  z.unknown().superRefine((value, context) => {
    const empty = value === null || value === undefined || (Array.isArray(value) && value.length === 0);
    if (!empty) report(context, 'E125', `this version has no ${what}`, 'remove the setting');
  });

export const settings = z.strictObject({
  issuer,
  listen: listener()
    .prefault({ host: '127.0.0.1', port: 8787 })
    .describe('Where the broker listens; loopback unless said otherwise.'),
  database: database
    .prefault('sqlite:./data/broker.db')
    .describe('`sqlite:FILE` (relative to the configuration file) or `postgres://user@host/db`.'),
  secrets: z
    .array(secret())
    .min(1)
    .max(10)
    .describe('Key ring: the first seals, all open. To change it: [operations](operations.md#key-ring).'),
  brand: z
    .strictObject({
      name: text(60).prefault('Consent broker').describe('Your name on every page.'),
      accent: accent.prefault('#0b5c70').describe('Colour of buttons and links.'),
      support_url: text()
        .refine((value) => /^mailto:\S+@\S+$/.test(value) || isWeb(value), 'write an https or mailto address')
        .nullable()
        .optional()
        .describe('Where people find help: an https or mailto address.'),
      paragraph: text(200).nullable().optional().describe('A sentence of yours on every page, plain text.'),
      logo: text().nullable().optional().describe('SVG, PNG or WebP file, relative to the configuration file.'),
    })
    .prefault({}),
  upstreams: keyed(upstream).describe(
    'Third-party authorization servers, by a key of yours (last segment of the callback address).',
  ),
  resources: keyed(resource).describe('MCP servers, by a key of yours (the id of their credential).'),
  registration: z
    .strictObject({
      dynamic: z
        .enum(['open', 'initial_access_token', 'off'])
        .prefault('open')
        .describe('Who may register a client (RFC 7591).'),
      initial_access_tokens: z
        .array(secret())
        .max(20)
        .prefault([])
        .describe('Accepted when `dynamic` is `initial_access_token`.'),
      metadata_documents: z
        .strictObject({
          enabled: yesNo().prefault(true).describe('Accept `client_id`s that are URLs of metadata documents.'),
          allowed_hosts: z.array(host).max(1000).prefault([]).describe('When not empty, only these.'),
          trusted_hosts: z.array(host).max(1000).prefault([]).describe('Shown as confirmed by you.'),
          development_hosts: z
            .array(hostAndPort)
            .max(20)
            .prefault([])
            .describe('Exact `host:port` exceptions of the address guard; only with the issuer on loopback.'),
        })
        .prefault({}),
      redirect_schemes: z
        .array(scheme)
        .max(100)
        .prefault(['cursor', 'vscode', 'vscode-insiders', 'claude'])
        .describe('Custom schemes that native apps may redirect to.'),
      clients: z.array(client).max(1000).prefault([]).describe('Pre-registered clients.'),
      new_clients: newClients,
      quarantine_expiry: quarantineExpiry,
      unapproved_lifetime: duration({ min: '10m', max: '90d' })
        .prefault('24h')
        .describe('A registered client that nobody has approved is forgotten after this.'),
      idle_lifetime: duration({ min: '1h', max: '3650d' })
        .prefault('90d')
        .describe('One that was approved is forgotten this long after its last, never while an approval of it lives.'),
      unapproved_cap: wholeNumber(100, 1_000_000)
        .prefault(10_000)
        .describe('Most registered clients that nobody has approved; sources with the most of them lose theirs first.'),
    })
    .prefault({}),
  catalog: z
    .array(catalogEntry)
    .max(1000)
    .prefault([])
    .describe(
      'Apps you have reviewed: they are named as such at the destinations listed, and no other may look like them.',
    ),
  default_locale: text(35)
    .nullable()
    .optional()
    .describe(
      'Language of pages when neither the person, the app nor the browser wishes one: en, de, fr, es, ja, zh-Hans or ar.',
    ),
  messages: z
    .record(z.string(), z.record(z.string(), text(600)))
    .prefault({})
    .describe('Your own words for single sentences: by language, by key (`de: { allow: Erlauben }`).'),
  consent: z
    .strictObject({
      remember: z
        .enum(['ask', 'skip_when_assured'])
        .prefault('ask')
        .describe('Whether a returning person sees a short page, or none where the client is certain.'),
      lifetime: duration({ min: '1m', max: '400d' }).prefault('90d').describe('How long an approval lasts.'),
      look_alike: z
        .enum(['warn', 'block'])
        .prefault('warn')
        .describe('What happens to a client that looks like a known one.'),
      request_lifetime: duration({ min: '30s', max: '1h' })
        .prefault('10m')
        .describe('How long an undecided request waits.'),
    })
    .prefault({}),
  tokens: z
    .strictObject({
      code: duration({ min: '1s', max: '10m' })
        .prefault('60s')
        .describe('Authorization codes (RFC 6749 4.1.2: at most 10 minutes).'),
      access: duration({ min: '1s', max: '24h' }).prefault('10m').describe('Access tokens.'),
      refresh: duration({ min: '1m', max: '365d' }).prefault('30d').describe('Absolute life of a refresh family.'),
      refresh_idle: duration({ min: '1m', max: '365d' }).prefault('14d').describe('Life of an unused refresh token.'),
      refresh_grace: duration({ min: '0s', max: '120s' })
        .prefault('30s')
        .describe('How long a lost answer may be asked for again; 0 is strict.'),
      signing_alg: z
        .enum(['ES256', 'EdDSA'])
        .prefault('ES256')
        .describe('What signs JWT access tokens and assertions: `ES256`, or `EdDSA` (Ed25519).'),
    })
    .prefault({}),
  admin: adminSettings.prefault({}),
  limits: z
    .strictObject({
      registrations: bucket(60, 30).describe(
        'Per source, as all of these: a token bucket `{ per_minute, burst }`, or `off`. Per client for updates of a registration.',
      ),
      all_registrations: z
        .union([z.literal('off'), bucketShape])
        .optional()
        .describe('Of all sources together. Fifty times that of one source where nothing is said.'),
      authorizations: bucket(600, 1200).describe(
        '`/authorize`, and every other page that opens a request or a sign-in.',
      ),
      tokens: bucket(6000, 2000).describe('`/token` and `/revoke`.'),
      admin_failures: bucket(60, 120).describe('Counts wrong admin keys only.'),
      documents: bucket(60, 60).describe('Metadata documents and key sets fetched because of this source.'),
      document_hosts: bucket(60, 60).describe('The same, per host they are fetched from, whoever asks.'),
      prompts: z
        .union([
          z.literal('off'),
          z.strictObject({ pages: wholeNumber(1, 10_000), within: duration({ min: '1s', max: '1d' }) }),
        ])
        .prefault({ pages: 60, within: '5m' })
        .describe('Consent pages per (person or browser) and client.'),
      pending_journeys: z
        .strictObject({
          per_browser: wholeNumber(1, 10_000).prefault(100).describe('Of one browser.'),
          per_client: wholeNumber(1, 1_000_000).prefault(20_000).describe('Of one client.'),
          total: wholeNumber(1, 10_000_000).prefault(100_000).describe('In all.'),
        })
        .prefault({})
        .describe('Undecided requests kept at once.'),
    })
    .prefault({}),
  trusted_proxies: z
    .array(proxyRange)
    .max(100)
    .prefault([])
    .describe('Address ranges of your own proxies, whose forwarded headers count. Nobody by default.'),
  egress: z
    .strictObject({ proxy: webAddressOrHttp().nullable().optional().describe('Proxy for outbound calls.') })
    .prefault({}),
  sessions: z
    .strictObject({
      idle: duration({ min: '1m', max: '30d' }).prefault('12h').describe('An unused browser session ends after this.'),
      absolute: duration({ min: '1m', max: '90d' }).prefault('7d').describe('Every browser session ends after this.'),
    })
    .prefault({}),
  trace,
  webhooks: z.array(webhook).max(20).prefault([]).describe('Who is told of security events, signed.'),
  verification_cache: z
    .strictObject({
      bound: duration({ min: '0s', max: '5s', in: 'milliseconds' })
        .prefault('500ms')
        .describe('Longest time a cached verdict may outlive a revocation; 0 is off.'),
    })
    .prefault({}),
  log: z
    .strictObject({
      level: z
        .enum(['debug', 'info', 'warn', 'error', 'silent'])
        .prefault('info')
        .describe('The least severe lines to write.'),
      format: z
        .enum(['json', 'pretty'])
        .optional()
        .describe('json, or pretty where stdout is a terminal and nothing is said.'),
    })
    .prefault({}),
  telemetry: z
    .strictObject({
      metrics_listen: listener().nullable().prefault('127.0.0.1:9464').describe('Listener of the metrics; null: none.'),
      otlp_endpoint: notYet('trace export').optional().describe('Reserved; must be null.'),
    })
    .prefault({}),
});
export type Settings = z.output<typeof settings>;

function isWeb(value: string): boolean {
  const url = parseUrl(value);
  return url !== undefined && hasSafeScheme(url);
}

/** An egress proxy is often plain http inside one's own network; it carries CONNECT tunnels. */
function webAddressOrHttp() {
  return text()
    .refine((value) => /^https?:$/.test(parseUrl(value)?.protocol ?? ''), 'write http://proxy.internal:3128')
    .meta({ secret: 'password' });
}
