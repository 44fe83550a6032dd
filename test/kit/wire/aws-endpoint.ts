import { listen, readBody } from './listen.ts';

export type AwsRequest = {
  /** `AWSStepFunctions.StartExecution`, or `GET /schedules/night?groupName=g` in a REST protocol. */
  operation: string;
  /** The JSON body, or undefined if it is empty. */
  body: unknown;
};
export type AwsReply = { status?: number; body?: unknown };

/** An error as AWS sends it. */
export const awsError = (name: string, status = 400): AwsReply => ({ status, body: { __type: name, message: 'no' } });

/** An AWS endpoint on loopback that records each request, and the settings of an SDK client for it. */
export const awsEndpoint = async (answer: (request: AwsRequest) => AwsReply) => {
  const asked: AwsRequest[] = [];
  const { origin, close } = await listen(async (incoming, response) => {
    const text = String(await readBody(incoming));
    const target = incoming.headers['x-amz-target'];
    const request = {
      operation: target ? String(target) : `${incoming.method} ${incoming.url}`,
      body: text ? JSON.parse(text) : undefined,
    };
    asked.push(request);
    const { status = 200, body = {} } = answer(request);
    const error = status === 200 ? {} : { 'x-amzn-errortype': String(Object(body).__type) };
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0', ...error }).end(JSON.stringify(body));
  });
  const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'x' };
  return { asked, close, client: { endpoint: origin, region: 'eu-west-1', maxAttempts: 1, credentials } };
};
