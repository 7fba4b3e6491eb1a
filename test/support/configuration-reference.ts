/**
 * Writes docs/configuration.md from the schema; a test keeps the page current.
 */
import { fittingNode, presetsOf, type SchemaNode, settingsNode } from '../../src/config/issues.ts';
import { problemCodes } from '../../src/config/problems.ts';

const INTRODUCTION = `# Configuration

<!-- Written from src/config/schema.ts. To renew: npx vitest run --config test/vitest.config.ts test/unit/config-reference.test.ts -u -->

One YAML file: \`--config FILE\`, else \`BROKER_CONFIG\`, else \`broker.yaml\` in the working directory. Without any, the
broker runs as a demo on loopback; with \`NODE_ENV=production\` it refuses to. \`consent-broker config check\` says
whether a file is accepted, with every problem at once, and \`consent-broker config print\` shows what it amounts to, with
secrets masked. A refused configuration ends with exit code 78 and nothing started.

- Every scalar may be, or contain, \`\${ENV_NAME}\` or \`\${file:/path}\` (a file's content without its last line break);
  \`$\${\` is a literal \`\${\`. What does not exist or is empty is a problem. Inside \`{ }\` and \`[ ]\` put them in quotes.
- Durations are a whole number and a unit: \`500ms 60s 10m 12h 90d\`.
- Relative paths are relative to the configuration file.
- Secrets are taken as they are, as UTF-8. \`consent-broker secret\` prints a good one. Each has one purpose only.
- Unknown settings are errors.

The shortest useful file:

\`\`\`yaml
issuer: https://auth.example.com
secrets: ["\${BROKER_SECRET}"]
upstreams:
  github: { preset: github, client_id: "...", client_secret: "\${GITHUB_SECRET}" }
resources:
  tickets:
    url: https://tickets.example.com/mcp
    name: Tickets
    upstream: github
    scopes:
      tickets:read: { title: Read tickets, risk: view, default: true }
\`\`\`
`;

const TITLES: Readonly<Record<string, string>> = {
  upstreams: 'upstreams.\\<key\\>',
  resources: 'resources.\\<key\\>',
};

/** Where a group without settings of its own is described. */
const MORE: Readonly<Record<string, string>> = {
  messages: '\nAll keys, with what stands there in English: [messages](messages.md).\n',
};

/** The whole page as Markdown. */
export function configurationReference(): string {
  const scalars = Object.entries(settingsNode.properties ?? {}).filter(([, node]) => !isGroup(node));
  const groups = Object.entries(settingsNode.properties ?? {}).filter(([, node]) => isGroup(node));
  const sections = groups.map(([name, node]) => section(name, node));
  const codes = Object.entries(problemCodes).map(([code, rule]) => `| ${code} | ${cell(rule)} |`);
  return [
    INTRODUCTION,
    `## Top level\n\n${table(scalars.map(([name, node]) => row(name, node, settingsNode)))}`,
    ...sections,
    `## Problem codes\n\n\`consent-broker explain CODE\` says the same.\n\n| code | rule |\n|---|---|\n${codes.join('\n')}\n`,
  ].join('\n');
}

const isGroup = (node: SchemaNode): boolean => node.properties !== undefined || Boolean(node.additionalProperties);

function section(name: string, node: SchemaNode): string {
  const entry = node.additionalProperties || node;
  const heading = `## ${TITLES[name] ?? name}\n${node.description === undefined ? '' : `\n${node.description}\n`}`;
  const alternatives = entry.oneOf?.map(
    (option) => `### preset: ${presetsOf(option).join(', ')}\n\n${table(rows(option, ''))}`,
  );
  const settings = rows(entry, '');
  if (settings.length === 0 && alternatives === undefined) return `${heading}${MORE[name] ?? ''}`;
  return `${heading}\n${alternatives?.join('\n') ?? table(settings)}`;
}

function rows(node: SchemaNode, prefix: string): string[] {
  return Object.entries(node.properties ?? {}).flatMap(([name, child]) => {
    if (name === 'preset') return [];
    const inner = child.additionalProperties || child.items || child;
    const path = `${prefix}${name}`;
    if (inner.properties === undefined) return [row(path, child, node)];
    const step = child.items === undefined ? (child.additionalProperties ? '.\\<name\\>.' : '.') : '[].';
    const own = child.description === undefined && step === '.' ? [] : [row(path, child, node)];
    return [...own, ...rows(inner, `${path}${step}`)];
  });
}

function row(path: string, node: SchemaNode, parent: SchemaNode): string {
  const name = path.replace(/^.*[.\]>]/, '');
  const required = parent.required?.includes(name.replace('[]', '')) === true;
  const shownDefault =
    node.properties !== undefined || node.default === undefined ? '' : `\`${JSON.stringify(node.default)}\``;
  return `| \`${path.replaceAll('\\', '')}\` | ${cell(form(node))} | ${required ? '**required**' : shownDefault} | ${cell(node.description ?? '')} |`;
}

function form(node: SchemaNode): string {
  if (node.secret === true) return node.format ?? 'secret';
  if (node.enum !== undefined) return node.enum.map((word) => `\`${String(word)}\``).join(', ');
  if (node.format !== undefined) return node.format;
  if (node.items !== undefined) return `list of ${plural(form(node.items))}`;
  if (node.anyOf !== undefined) return unionForm(node);
  if (node.type === 'object') return 'group';
  return node.type === 'string' ? 'text' : (node.type ?? 'reserved');
}

function unionForm(node: SchemaNode): string {
  const nullable = node.anyOf?.some((option) => option.type === 'null') === true;
  const group = fittingNode(node, {});
  if (group?.properties !== undefined) return `\`off\` or { ${Object.keys(group.properties).join(', ')} }`;
  return `${form(fittingNode(node, '') ?? {})}${nullable ? ' or null' : ''}`;
}

const plural = (word: string): string => (word === 'group' ? 'groups' : word === 'text' ? 'texts' : word);
const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
const table = (lines: readonly string[]): string =>
  `| setting | form | default | meaning |\n|---|---|---|---|\n${lines.join('\n')}\n`;
