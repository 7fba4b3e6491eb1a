/**
 * What a first configuration has to say, for every kind of upstream: what is asked, whether an answer will do, and the
 * text that the answers come to.
 *
 * An answer is judged by the rules of the file itself, so that none is taken here which the broker refuses later. Must
 * never put a secret into the text.
 */
import { stringify } from 'yaml';
import { readConfig } from '../config/load.ts';
import { didYouMean, type Problem } from '../config/problems.ts';
import { parseUrl } from '../domain/parse-url.ts';
import { PRESETS } from '../upstream/presets.ts';

/** Each is the name of its option, too. In the order in which they are asked. */
export const QUESTIONS = {
  issuer: ['URL', 'Public URL of the broker (https://auth.example.com)'],
  resource: ['URL', 'URL of the MCP server to protect (https://tickets.example.com/mcp)'],
  upstream: [
    'PRESET',
    'Who signs people in: github, google, entra, oidc (any OpenID provider), oauth2 (any other), or a preset of docs/upstreams.md',
  ],
  'upstream-issuer': ['URL', 'Issuer of the OpenID provider (https://login.example.com)'],
  tenant: ['ID', 'Directory (tenant) ID whose people may sign in'],
  'authorization-endpoint': ['URL', 'Authorization endpoint of the OAuth server'],
  'token-endpoint': ['URL', 'Token endpoint of the OAuth server'],
  'userinfo-endpoint': ['URL', 'Address there that tells with an access token, in JSON, who the person is'],
  'subject-field': ['FIELD', 'Field of that JSON which never changes for a person (id; never an e-mail address)'],
  'client-id': ['ID', 'Client ID that the upstream gave you for the broker'],
} as const;

export type Question = keyof typeof QUESTIONS;
export type Answers = { readonly [name in Question]?: string };

export const ALL_QUESTIONS = Object.keys(QUESTIONS) as readonly Question[];

const ENDPOINTS = ['authorization-endpoint', 'token-endpoint', 'userinfo-endpoint', 'subject-field'] as const;
const KNOWN_UPSTREAMS = [...Object.keys(PRESETS), 'oauth2'];

/** The questions beside those that everybody is asked. */
function furtherQuestions(upstream: string | undefined): readonly Question[] {
  if (upstream === 'entra') return ['tenant'];
  if (upstream === 'oauth2') return ENDPOINTS;
  const preset = Object.entries(PRESETS).find(([name]) => name === upstream)?.[1];
  return preset?.kind === 'oidc' && preset.issuer === undefined ? ['upstream-issuer'] : [];
}

const ASKED_OF_ALL: readonly Question[] = ['issuer', 'resource', 'upstream', 'client-id'];

/** Whether this upstream needs that answer. */
export const isAsked = (name: Question, upstream: string | undefined): boolean =>
  ASKED_OF_ALL.includes(name) || furtherQuestions(upstream).includes(name);

/** Good answers, in the place of those that are not given yet, so that one can be judged by itself. */
const SUPPOSED: Readonly<Record<Question, string>> = {
  issuer: 'https://auth.example.com',
  resource: 'https://tickets.example.com/mcp',
  upstream: 'github',
  'upstream-issuer': 'https://login.example.com',
  tenant: '00000000-0000-0000-0000-000000000000',
  'authorization-endpoint': 'https://login.example.com/authorize',
  'token-endpoint': 'https://login.example.com/token',
  'userinfo-endpoint': 'https://login.example.com/userinfo',
  'subject-field': 'id',
  'client-id': 'client',
};

/** What is wrong with an answer, after those that were found good before it; undefined when nothing is. */
export function problemWith(name: Question, answer: string, before: Answers): Problem | undefined {
  const place = `--${name}`;
  if (name === 'upstream' && !KNOWN_UPSTREAMS.includes(answer)) {
    const meant = didYouMean(answer, KNOWN_UPSTREAMS);
    const fix = meant === undefined ? `choose one of ${KNOWN_UPSTREAMS.join(', ')}` : `did you mean ${meant}?`;
    return { code: 'E106', place, problem: `there is no preset "${answer}"`, fix };
  }
  const { upstream = SUPPOSED.upstream } = before;
  if (!isAsked(name, upstream))
    return { code: 'E106', place, problem: `${upstream} takes no ${name}`, fix: 'leave this option out' };
  const text = configurationText({ ...SUPPOSED, ...before, [name]: answer });
  const read = readConfig(text, { env: SUPPOSED_SECRETS, baseDir: '/', name: 'broker.yaml' });
  const [problem] = read.ok ? [] : read.problems;
  return problem && { ...problem, place };
}

const REFERENCES = {
  secret: 'BROKER_SECRET',
  admin: 'BROKER_ADMIN_KEY',
  server: 'MCP_SERVER_SECRET',
  upstream: 'UPSTREAM_SECRET',
} as const;

/** Different from one another and from any example, as real ones are; they leave this file for no other. */
const SUPPOSED_SECRETS = Object.fromEntries(
  Object.values(REFERENCES).map((name) => [name, `${name}/supposed-1hGq7Zp4Xw9Lk2Rt6Vd8Yb3Nc5Mf0J`]),
);

const reference = (name: keyof typeof REFERENCES): string => `\${${REFERENCES[name]}}`;

/** `broker.yaml` for answers to everything that is asked for this upstream. */
export function configurationText(answers: Readonly<Record<Question, string>>): string {
  const { issuer, resource, upstream } = answers;
  const name = parseUrl(resource)?.hostname ?? 'MCP server';
  const asked = new Set(furtherQuestions(upstream));
  const further = [...asked].map((question) => [settingOf(question), answers[question]]);
  return stringify({
    issuer,
    database: 'sqlite:./data/broker.db',
    secrets: [reference('secret')],
    brand: { name },
    upstreams: {
      [upstream]: {
        preset: upstream,
        ...Object.fromEntries(further),
        client_id: answers['client-id'],
        client_secret: reference('upstream'),
      },
    },
    resources: {
      server: {
        url: resource,
        name,
        upstream,
        credential: reference('server'),
        scopes: {
          'mcp:use': {
            title: `Use ${name}`,
            description: 'Everything its tools can do, as you.',
            risk: 'change',
            default: true,
          },
        },
      },
    },
    admin: { keys: [reference('admin')] },
  });
}

const settingOf = (question: Question): string =>
  question === 'upstream-issuer' ? 'issuer' : question.replaceAll('-', '_');
