/**
 * `admin-link`: a one-time link into the admin console, printed once.
 *
 * Only the hash of its secret is kept. It is claimed by the button on its page, not by opening it.
 */
import { defineCommand } from 'citty';
import { makeOneTimeLink } from '../admin/console/one-time-link.ts';
import { consoleUrl } from '../admin/console/place.ts';
import { parseDuration } from '../config/scalars.ts';
import { configArgument } from './configured.ts';
import { withDatabase } from './database.ts';
import { EXIT } from './exit.ts';
import { type Terminal, toJson } from './terminal.ts';

const ROLES = ['reader', 'revoker', 'admin'] as const;
const LONGEST_MS = 24 * 3_600_000;

export const adminLink = defineCommand({
  meta: { name: 'admin-link', description: 'Print a one-time link into the admin console' },
  args: {
    ...configArgument,
    json: { type: 'boolean', description: 'Answer in JSON' },
    role: { type: 'string', valueHint: 'ROLE', default: 'reader', description: 'reader, revoker or admin' },
    expires: {
      type: 'string',
      valueHint: 'TIME',
      default: '5m',
      description: 'How long it waits: 5m, 1h; a day at most',
    },
    resources: { type: 'string', valueHint: 'KEYS', description: 'Limit it to these resources, separated by commas' },
  },
  run: ({ args, data }) => {
    const terminal = data as Terminal;
    const role = ROLES.find((known) => known === args.role);
    const ms = parseDuration(args.expires) ?? 0;
    if (role === undefined || ms < 1000 || ms > LONGEST_MS) {
      terminal.err(role === undefined ? `--role is one of ${ROLES.join(', ')}\n` : '--expires is 1s to 24h: 5m, 1h\n');
      return EXIT.usage;
    }
    return withDatabase(terminal, args.config, async (store, config) => {
      const url = consoleUrl(config);
      const resources = args.resources?.split(',').map((key) => key.trim());
      const unknown = resources?.find((key) => !config.resources.has(key));
      if (unknown !== undefined) {
        terminal.err(`There is no resource ${JSON.stringify(unknown)} in the configuration\n`);
        return EXIT.usage;
      }
      if (url === undefined) {
        terminal.err('There is no console: admin.listen is not on loopback and admin.url is not set\n');
        return EXIT.problem;
      }
      const at = Math.floor(Date.now() / 1000);
      const wanted = { role, resources, lifetime: Math.floor(ms / 1000), at, madeBy: 'cli' };
      const { id, address, expiresAt } = await makeOneTimeLink(store, url, wanted);
      const until = new Date(expiresAt * 1000).toISOString();
      terminal.out(args.json ? toJson({ url: address, id, role, expires_at: until }) : `${address}\n`);
      if (!args.json) terminal.err(`Good once, as ${role}, until ${until}. Shown this once.\n`);
      return EXIT.ok;
    });
  },
});
