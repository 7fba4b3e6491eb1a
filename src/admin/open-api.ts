/**
 * The OpenAPI 3.1 document of the admin API, from the very rows that validate and answer it.
 *
 * Must never name a member by hand that a schema names already.
 */
import { z } from 'zod';
import { version } from '../version.ts';
import { type Call, isRepeatable } from './call.ts';
import { problemSchema } from './problem.ts';

type Json = Readonly<Record<string, unknown>>;

/** `server` is the address of `/admin/v1`. */
export function openApiDocument(calls: readonly Call[], server: string): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const call of calls) {
    const path = paths[call.path] ?? {};
    path[call.method] = operationOf(call);
    paths[call.path] = path;
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Consent broker administration', version },
    servers: [{ url: server }],
    security: [{ admin_key: [] }],
    paths,
    components: {
      securitySchemes: { admin_key: { type: 'http', scheme: 'bearer' } },
      schemas: { Problem: schemaOf(problemSchema) },
      responses: {
        Problem: {
          description: 'Refused',
          content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
        },
      },
    },
  };
}

function operationOf(call: Call): Json {
  const { id, summary, role, limited, path, query, body, bodyOptional, answer, also, etag, deferrable } = call;
  const limits = limited === true ? '' : ' Not for keys limited to some resources.';
  return {
    operationId: id,
    summary,
    description: `Needs the role ${role}.${limits}`,
    parameters: [...pathParameters(path), ...queryParameters(query), ...headerParameters(call)],
    ...(body !== undefined && {
      requestBody: { required: !bodyOptional, content: { 'application/json': { schema: schemaOf(body) } } },
    }),
    responses: {
      200: {
        description: 'Done',
        ...(etag !== undefined && {
          headers: { ETag: { description: 'The version, for If-Match.', schema: { type: 'string' } } },
        }),
        content: {
          'application/json': { schema: schemaOf(answer) },
          ...(also !== undefined && { [also]: { schema: { type: 'string' } } }),
        },
      },
      ...(deferrable === true && {
        202: {
          description: 'Begun; the report under Location says how far it is.',
          headers: { Location: { schema: { type: 'string' } } },
          content: { 'application/json': { schema: schemaOf(answer) } },
        },
      }),
      default: { $ref: '#/components/responses/Problem' },
    },
  };
}

/** The names of `{…}` in a path. */
export const segmentsOf = (path: string): readonly string[] =>
  [...path.matchAll(/\{([a-z_]+)\}/g)].map(([, name = '']) => name);

const pathParameters = (path: string): readonly Json[] =>
  segmentsOf(path).map((name) => ({ name, in: 'path', required: true, schema: { type: 'string' } }));

function headerParameters(call: Call): readonly Json[] {
  const header = (name: string, description: string): Json => ({
    ...{ name, in: 'header', required: false, description },
    schema: { type: 'string' },
  });
  return [
    ...(call.conditional
      ? [header('If-Match', 'Versions in quotes; with none of them the call is refused (412).')]
      : []),
    ...(isRepeatable(call)
      ? [header('Idempotency-Key', 'Sent again under the same key within a day, the call answers and does nothing.')]
      : []),
    ...(call.deferrable ? [header('Prefer', '`respond-async`: answer 202 before it is done.')] : []),
  ];
}

function queryParameters(query: z.ZodObject | undefined): readonly Json[] {
  if (query === undefined) return [];
  const { properties = {}, required = [] } = schemaOf(query) as {
    properties?: Record<string, Json>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    schema,
  }));
}

/** As it is sent: a member with a default may be left out. */
function schemaOf(schema: z.ZodType): Json {
  const { $schema: _dialect, ...described } = z.toJSONSchema(schema, { io: 'input' });
  return described;
}
