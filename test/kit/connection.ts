import { Connection, type HttpConnection, type LambdaConnection } from '../../lib/connection/connection.ts';

/** An http connection with these fields. */
export const http = (more: Record<string, unknown> = {}, name = 'github'): HttpConnection =>
  Connection.parse({ kind: 'http', name, hosts: ['api.github.test'], ...more }) as HttpConnection;

/** A function of the account with these fields. */
export const lambda = (more: Record<string, unknown> = {}, name = 'resize'): LambdaConnection =>
  Connection.parse({
    kind: 'lambda',
    name,
    description: 'Makes a picture smaller.',
    function: 'arn:aws:lambda:eu-west-1:123456789012:function:resize',
    input: { type: 'object', properties: { width: { type: 'integer', minimum: 1 } }, required: ['width'] },
    ...more,
  }) as LambdaConnection;
