/**
 * The demo's configuration: the same frozen shape an operator's file gives, written out for one sample resource.
 *
 * Loopback, plain http, SQLite, one practice upstream. Values that matter for safety are the shipped defaults, so the
 * demo shows what a configured broker does. Must never be reachable from the `serve` command.
 */
import { join } from 'node:path';
import type { Config, ResourceConfig, UpstreamConfig } from '../config/config.ts';
import { upstreamOf } from '../config/upstream.ts';
import type { ScopeDefinition } from '../domain/types.ts';
import { hashSecret } from '../security/secrets.ts';
import type { Install } from './install.ts';

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export const PRACTICE = 'practice';
export const PRACTICE_CLIENT_ID = 'consent-broker-demo';

export interface DemoPlace {
  readonly host: string;
  readonly port: number;
  readonly issuer: string;
  readonly upstreamIssuer: string;
  readonly sampleUrl: string;
  /** The walk prints its own lines; a log between them would tear them. */
  readonly quiet: boolean;
}

/** The whole configuration for these addresses and this install's keys. */
export const demoConfig = (place: DemoPlace, install: Install): Config => ({
  mode: 'demo',
  issuer: place.issuer,
  plainHttp: true,
  listen: { host: place.host, port: place.port },
  database: { engine: 'sqlite', file: join(install.directory, 'broker.db') },
  secrets: [install.secret],
  brand: { name: 'Consent broker demo', accent: '#0b5c70', supportUrl: undefined, logo: undefined },
  upstreams: new Map([[PRACTICE, practiceUpstream(place, install)]]),
  resources: new Map([['notes', notesResource(place, install)]]),
  registration: {
    dynamic: 'open',
    initialAccessTokenHashes: [],
    redirectSchemes: ['cursor', 'vscode', 'vscode-insiders', 'claude'],
    clients: [],
    newClients: 'usable',
    quarantineExpiry: 30 * DAY,
    clientLifetimes: { unapproved: 24 * HOUR, idle: 90 * DAY },
    unapprovedCap: 10_000,
    metadataDocuments: { enabled: true, allowedHosts: [], trustedHosts: [], developmentHosts: [] },
  },
  catalog: [],
  defaultLocale: undefined,
  messages: {},
  consent: { remember: 'ask', lifetime: 90 * DAY, lookAlike: 'warn' },
  tokens: {
    code: MINUTE,
    access: 10 * MINUTE,
    refresh: 30 * DAY,
    refreshIdle: 14 * DAY,
    refreshGrace: 30,
    signingAlg: 'ES256',
  },
  admin: { keyHashes: [install.adminKeyHash], listen: undefined, url: undefined, people: [] },
  limits: {
    registrations: { perMinute: 60, burst: 30 },
    allRegistrations: { perMinute: 3000, burst: 1500 },
    authorizations: { perMinute: 600, burst: 1200 },
    tokens: { perMinute: 6000, burst: 2000 },
    adminFailures: { perMinute: 60, burst: 120 },
    documents: { perMinute: 60, burst: 60 },
    documentHosts: { perMinute: 60, burst: 60 },
    prompts: { pages: 60, seconds: 5 * MINUTE },
    pendingJourneys: { perBrowser: 20, perClient: 1_000, total: 10_000 },
  },
  trustedProxies: [],
  egressProxy: undefined,
  sessions: { idle: 12 * HOUR, absolute: 7 * DAY },
  journeyLifetime: 10 * MINUTE,
  traceKept: 7 * DAY,
  webhooks: [],
  verificationCacheMs: 500,
  log: { level: place.quiet ? 'silent' : 'warn', format: 'pretty' },
  telemetry: { metricsListen: undefined, otlpEndpoint: undefined },
});

const practiceUpstream = ({ upstreamIssuer }: DemoPlace, { upstreamSecret }: Install): UpstreamConfig =>
  upstreamOf(PRACTICE, {
    preset: 'oidc',
    name: 'Practice sign-in',
    issuer: upstreamIssuer,
    client_id: PRACTICE_CLIENT_ID,
    client_secret: upstreamSecret,
    scopes: ['openid', 'profile'],
    params: {},
    account_choice: {},
    allow_private: false,
  });

const notesResource = ({ sampleUrl }: DemoPlace, { credential }: Install): ResourceConfig => ({
  key: 'notes',
  url: sampleUrl,
  aliases: [],
  name: 'Sample Notes',
  upstream: PRACTICE,
  accessTokens: 'opaque',
  credentialHash: hashSecret(credential),
  scopes: new Map(NOTES_SCOPES.map((scope) => [scope.name, scope])),
  rules: [],
  upstreamToken: false,
});

const NOTES_SCOPES: readonly ScopeDefinition[] = [
  {
    name: 'notes:read',
    title: 'Read your notes',
    description: 'All notes in your sample notebook.',
    risk: 'view',
    upstream: [],
    implies: [],
    optional: false,
    default: true,
  },
  {
    name: 'notes:write',
    title: 'Add notes',
    description: 'New notes appear as written by you.',
    risk: 'change',
    upstream: [],
    implies: ['notes:read'],
    optional: false,
    default: false,
  },
  {
    name: 'notes:purge',
    title: 'Delete all your notes',
    description: 'This cannot be undone.',
    risk: 'high',
    upstream: [],
    implies: [],
    optional: true,
    default: false,
  },
];
