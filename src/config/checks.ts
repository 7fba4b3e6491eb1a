/**
 * The unsafe combinations: what one setting means for another, judged on the file as written.
 *
 * Each check reads the plain values defensively, so that it speaks even when other parts of the file are wrong; what
 * has the wrong form altogether has been reported by the schema. Must never quote a secret.
 */
import { parseUrl } from '../domain/parse-url.ts';
import { canonicalResource } from '../domain/resource.ts';
import { isLoopback, isPrivateHost } from './addresses.ts';
import { checkAdministrators } from './admin-checks.ts';
import { checkClients } from './client-checks.ts';
import { checkFronts } from './front-checks.ts';
import { valueAt } from './issues.ts';
import { chooseAmong, didYouMean, type ProblemCode } from './problems.ts';
import { parseDuration, parseListener } from './scalars.ts';
import type { SettingPath } from './tree.ts';
import { checkProvider } from './upstream-checks.ts';
import { checkWebhooks } from './webhook-checks.ts';

export type ReportAt = (path: SettingPath, code: ProblemCode, problem: string, fix: string) => void;
type Check = (root: unknown, report: ReportAt) => void;

/** Reports every unsafe combination in the plain values. */
export function checkSettings(root: unknown, report: ReportAt): void {
  for (const check of CHECKS) check(root, report);
}

const record = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const url = (value: unknown): URL | undefined => (typeof value === 'string' ? parseUrl(value) : undefined);

const somethingToDo: Check = (root, report) => {
  for (const [section, what] of [
    ['upstreams', 'somebody to sign in at'],
    ['resources', 'a server to protect'],
  ] as const) {
    const value = valueAt(root, [section]);
    if (value !== undefined && Object.keys(record(value)).length === 0)
      report([section], 'E105', `${section} is empty`, `add ${what}`);
  }
};

const knownUpstreams: Check = (root, report) => {
  const names = Object.keys(record(valueAt(root, ['upstreams'])));
  for (const [key, resource] of Object.entries(record(valueAt(root, ['resources'])))) {
    const name = valueAt(resource, ['upstream']);
    if (typeof name !== 'string' || names.length === 0 || names.includes(name)) continue;
    const meant = didYouMean(name, names);
    report(
      ['resources', key, 'upstream'],
      'E110',
      `there is no upstream "${name}"`,
      meant === undefined ? chooseAmong(names, 'it to upstreams') : `did you mean ${meant}?`,
    );
  }
};

const knownImpliedScopes: Check = (root, report) => {
  for (const [key, resource] of Object.entries(record(valueAt(root, ['resources'])))) {
    const scopes = record(valueAt(resource, ['scopes']));
    for (const [name, scope] of Object.entries(scopes)) {
      const others = Object.keys(scopes).filter((other) => other !== name);
      for (const [index, implied] of list(valueAt(scope, ['implies'])).entries()) {
        if (typeof implied !== 'string' || others.includes(implied)) continue;
        const problem = implied === name ? 'a scope implies itself' : `"${implied}" is not a scope of ${key}`;
        const meant = didYouMean(implied, others);
        const fix = meant === undefined ? 'remove it' : `did you mean ${meant}?`;
        report(['resources', key, 'scopes', name, 'implies', index], 'E113', problem, fix);
      }
    }
  }
};

const ENDPOINTS = [
  'issuer',
  'base_url',
  'authorization_endpoint',
  'token_endpoint',
  'userinfo_endpoint',
  'revocation_endpoint',
];

const publicUpstreams: Check = (root, report) => {
  const issuer = url(valueAt(root, ['issuer']));
  for (const [key, upstream] of Object.entries(record(valueAt(root, ['upstreams'])))) {
    if ([true, 'true'].includes(valueAt(upstream, ['allow_private']) as boolean)) continue;
    for (const name of ENDPOINTS) {
      const endpoint = url(valueAt(upstream, [name]));
      if (endpoint === undefined || !isPrivateHost(endpoint)) continue;
      if (isLoopback(endpoint) && issuer !== undefined && isLoopback(issuer)) continue;
      report(
        ['upstreams', key, name],
        'E115',
        `${name} is on a private address`,
        'set allow_private: true on this upstream if that is meant',
      );
    }
  }
};

const providers: Check = (root, report) => {
  for (const [key, settings] of Object.entries(record(valueAt(root, ['upstreams']))))
    checkProvider(key, settings, report);
};

const developmentHosts: Check = (root, report) => {
  const path = ['registration', 'metadata_documents', 'development_hosts'];
  const issuer = url(valueAt(root, ['issuer']));
  if (list(valueAt(root, path)).length === 0 || (issuer !== undefined && isLoopback(issuer))) return;
  report(
    path,
    'E117',
    'development_hosts opens the address guard while the issuer is not on loopback',
    'remove it; use allowed_hosts to narrow what is fetched',
  );
};

const resourceIdentifiers: Check = (root, report) => {
  const owners = new Map<string, string>();
  for (const [key, resource] of Object.entries(record(valueAt(root, ['resources'])))) {
    const aliases = list(valueAt(resource, ['aliases']));
    const named: [SettingPath, unknown][] = [
      [['resources', key, 'url'], valueAt(resource, ['url'])],
      ...aliases.map((alias, index): [SettingPath, unknown] => [['resources', key, 'aliases', index], alias]),
    ];
    for (const [path, text] of named) {
      const parsed = url(text);
      // A fragment or a user name has been refused with the address itself.
      if (typeof text !== 'string' || parsed === undefined || parsed.hash !== '' || parsed.username !== '') continue;
      const canonical = canonicalResource(text);
      if (canonical === undefined)
        report(path, 'E111', 'this has no canonical form', 'write scheme, host, path and nothing else');
      else if (owners.has(canonical))
        report(
          path,
          'E111',
          `${canonical} is already an identifier of ${owners.get(canonical)}`,
          'give each resource identifiers of its own',
        );
      else owners.set(canonical, key);
    }
  }
};

const separateListeners: Check = (root, report) => {
  const taken = new Map<string, string>();
  const asked: [SettingPath, unknown][] = [
    [['listen'], valueAt(root, ['listen']) ?? { host: '127.0.0.1', port: 8787 }],
    [['admin', 'listen'], valueAt(root, ['admin', 'listen'])],
    [
      ['telemetry', 'metrics_listen'],
      valueAt(root, ['telemetry', 'metrics_listen']) === undefined
        ? '127.0.0.1:9464'
        : valueAt(root, ['telemetry', 'metrics_listen']),
    ],
  ];
  for (const [path, value] of asked) {
    const parsed = parseListener(value);
    if (parsed === undefined || parsed.port === 0) continue;
    const address = `${parsed.host === 'localhost' ? '127.0.0.1' : parsed.host}:${parsed.port}`;
    const owner = taken.get(address);
    if (owner !== undefined)
      report(path, 'E121', `${path.join('.')} is the same address as ${owner}`, 'choose another port, or null');
    else taken.set(address, path.join('.'));
  }
};

const fittingLifetimes: Check = (root, report) => {
  const pairs = [
    [['tokens', 'refresh_idle'], '14d', ['tokens', 'refresh'], '30d'],
    [['tokens', 'access'], '10m', ['tokens', 'refresh'], '30d'],
    [['sessions', 'idle'], '12h', ['sessions', 'absolute'], '7d'],
  ] as const;
  for (const [shorter, shorterDefault, longer, longerDefault] of pairs) {
    const short = parseDuration(valueAt(root, shorter) ?? shorterDefault);
    const long = parseDuration(valueAt(root, longer) ?? longerDefault);
    if (short === undefined || long === undefined || short <= long) continue;
    const blamed = valueAt(root, shorter) === undefined ? longer : shorter;
    report(
      blamed,
      'E122',
      `${shorter.join('.')} is longer than ${longer.join('.')}`,
      `make ${shorter[1]} at most ${longer[1]}`,
    );
  }
};

/** Ours each serve one purpose; an upstream's or a client's may repeat among themselves, but never equal one of ours. */
const separateSecrets: Check = (root, report) => {
  const under = (...path: string[]) => list(valueAt(root, path)).map((_, index): SettingPath => [...path, index]);
  const keysOf = (section: string) => Object.keys(record(valueAt(root, [section])));
  const ours: SettingPath[] = [
    ...under('secrets'),
    ...under('admin', 'keys'),
    ...under('registration', 'initial_access_tokens'),
    ...keysOf('resources').map((key) => ['resources', key, 'credential']),
  ];
  const others: SettingPath[] = [
    ...keysOf('upstreams').map((key) => ['upstreams', key, 'client_secret']),
    ...under('registration', 'clients').map((path) => [...path, 'client_secret']),
    ...under('webhooks').map((path) => [...path, 'secret']),
  ];
  const owners = new Map<string, string>();
  for (const path of [...ours, ...others]) {
    const value = valueAt(root, path);
    if (typeof value !== 'string' || value === '') continue;
    const owner = owners.get(value);
    if (owner !== undefined) {
      const problem = `${path.join('.')} is the same secret as ${owner}`;
      report(path, 'E109', problem, 'make one for each purpose: consent-broker secret');
    } else if (ours.includes(path)) owners.set(value, path.join('.'));
  }
};

const registration: Check = (root, report) => {
  const tokens = ['registration', 'initial_access_tokens'];
  if (
    valueAt(root, ['registration', 'dynamic']) === 'initial_access_token' &&
    list(valueAt(root, tokens)).length === 0
  ) {
    report(
      tokens,
      'E105',
      'dynamic is initial_access_token, and there is no such token',
      'add registration.initial_access_tokens',
    );
  }
};

/** Without a proxy that is trusted, whoever asks would say what is asked for (CVE-2026-40575). */
const verification: Check = (root, report) => {
  const trusts = list(valueAt(root, ['trusted_proxies'])).length > 0;
  for (const [key, resource] of Object.entries(record(valueAt(root, ['resources'])))) {
    const rules = list(valueAt(resource, ['rules']));
    if (rules.length > 0 && !trusts)
      report(
        ['resources', key, 'rules'],
        'E128',
        'there are rules, and no trusted proxy that could say what is asked for',
        'list the addresses of your proxy in trusted_proxies',
      );
    const known = Object.keys(record(valueAt(resource, ['scopes'])));
    for (const [index, rule] of rules.entries())
      for (const [place, scope] of list(valueAt(rule, ['scopes'])).entries())
        if (typeof scope === 'string' && !known.includes(scope))
          report(
            ['resources', key, 'rules', index, 'scopes', place],
            'E128',
            `"${scope}" is not a scope of ${key}`,
            chooseAmong(known, `the scope to resources.${key}.scopes`),
          );
    const vends = [true, 'true'].includes(valueAt(resource, ['upstream_token']) as boolean);
    if (vends && valueAt(resource, ['credential']) === undefined)
      report(
        ['resources', key, 'upstream_token'],
        'E129',
        'this resource has no credential that the caller of /verify could show',
        'add resources.*.credential, or set upstream_token to false',
      );
  }
};

const CHECKS: readonly Check[] = [
  somethingToDo,
  checkClients,
  knownUpstreams,
  knownImpliedScopes,
  publicUpstreams,
  providers,
  developmentHosts,
  resourceIdentifiers,
  checkFronts,
  separateListeners,
  fittingLifetimes,
  separateSecrets,
  registration,
  checkAdministrators,
  checkWebhooks,
  verification,
];
