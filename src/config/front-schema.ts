/**
 * The settings of a resource whose traffic the broker passes on itself (the built-in front).
 *
 * Members of the resource's own object; what they mean together and for the broker's other addresses is judged in
 * front-checks.ts. Must never offer a header that carries identity or belongs to one connection.
 */
import { z } from 'zod';
import { parseUrl } from '../domain/parse-url.ts';
import { isLoopback } from './addresses.ts';
import { duration, report, text, wholeNumber, yesNo } from './scalars.ts';

/** RFC 9110 5.6.2 token, in lower case. */
const HEADER = /^[a-z0-9!#$%&'*+.^|~-]+$/;

const proxyTo = text().superRefine((value, context) => {
  const url = parseUrl(value);
  const fix = 'write http://127.0.0.1:9000/mcp, the address of the MCP server itself';
  if (url === undefined || !/^https?:$/.test(url.protocol))
    return report(context, 'E130', 'proxy_to is not a web address', fix);
  if (url.username !== '' || url.password !== '' || url.hash !== '')
    report(context, 'E130', 'proxy_to carries a user name or a fragment', fix);
});

const origin = text(300).superRefine((value, context) => {
  const url = parseUrl(value);
  const safe = url !== undefined && (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url)));
  if (!safe || url.origin !== value)
    report(context, 'E130', `"${value}" is not an origin`, 'write https://app.example.com, without a path');
});

const passedHeader = text(100)
  .toLowerCase()
  .superRefine((value, context) => {
    if (HEADER.test(value) && !isReservedHeader(value)) return;
    report(context, 'E130', `${value} cannot be passed on`, 'name a header of your own, such as x-api-version');
  });

const tokenHeader = text(100)
  .toLowerCase()
  .superRefine((value, context) => {
    const own = /^x-[a-z0-9-]+$/.test(value) && !isReservedHeader(value);
    if (value !== 'authorization' && !own)
      report(context, 'E130', `${value} cannot carry a token`, 'write authorization, or a name that begins with x-');
  });

/** Identity, credentials, and what belongs to one connection: none of it may be named by a setting. */
const isReservedHeader = (name: string): boolean =>
  /^x[-_.]?broker/.test(name) ||
  /^(proxy-|sec-|mcp-|x-forwarded)/.test(name) ||
  RESERVED_HEADERS.has(name.replaceAll(/[_.]/g, '-'));

const RESERVED_HEADERS = new Set([
  ...['authorization', 'cookie', 'connection', 'content-length', 'content-type', 'expect', 'forwarded', 'host'],
  ...['keep-alive', 'origin', 'te', 'trailer', 'transfer-encoding', 'upgrade', 'accept-encoding', 'x-real-ip'],
]);

export const frontSettings = {
  proxy_to: proxyTo
    .optional()
    .describe(
      'Address of the MCP server: the broker itself passes traffic on ([docs/front.md](front.md)). https, or http on loopback.',
    )
    .meta({ format: 'address' }),
  proxy_plain_http: yesNo()
    .optional()
    .describe('`proxy_to` may be http on another host: for a network that is yours alone.'),
  tools: z
    .record(text(200), z.array(text(100)).max(50))
    .optional()
    .describe('Scopes each tool needs, by name; `"*"` for all others. Tools in no entry are refused.'),
  tool_changes: z
    .enum(['warn', 'hold'])
    .optional()
    .describe(
      'What happens to a tool whose description changes: `warn` (default), or `hold` until an admin accepts it.',
    ),
  upstream_token_header: tokenHeader
    .optional()
    .describe("Header in which the MCP server gets the upstream's token: `authorization`, or `x-…`."),
  allowed_origins: z
    .array(origin)
    .max(100)
    .optional()
    .describe('Web pages that may call the server; the resource itself always, and on loopback every loopback page.'),
  pass_headers: z.array(passedHeader).max(50).optional().describe('Request headers passed on beside those of MCP.'),
  max_request_bytes: wholeNumber(1_024, 104_857_600)
    .optional()
    .describe('Longest request body (4194304); what is longer is answered 413.'),
  first_byte_timeout: duration({ min: '1s', max: '1h', in: 'milliseconds' })
    .optional()
    .describe('How long the MCP server may take to begin its answer (60s); then 504.'),
} as const;
