import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { SchedulerClient } from '@aws-sdk/client-scheduler';
import { SFNClient } from '@aws-sdk/client-sfn';
import { afterEach, describe, expect, it } from 'vitest';
import { invokeDispatch } from '../../../infra/cli/client/invoke-dispatch.ts';
import { schedulerDeployedSchedules } from '../../../lib/io/aws/deployed-schedules.ts';
import { stateMachineExecutions } from '../../../lib/io/aws/executions.ts';
import { secrets } from '../../../lib/io/aws/secrets.ts';
import { table } from '../../../lib/io/store/table.ts';
import { job } from '../../kit/job.ts';
import { closing } from '../../kit/open-model.ts';
import { listen } from '../../kit/wire/listen.ts';

const { on, all } = closing();
afterEach(all);

/** Error types from "Common Error Types" of each API reference. Older query APIs omit `Exception`. */
const answered = [
  'AccessDenied',
  'AccessDeniedException',
  'ExpiredToken',
  'ExpiredTokenException',
  'IncompleteSignature',
  'IncompleteSignatureException',
  'InvalidClientTokenId',
  'InvalidSignatureException',
  'MissingAuthenticationToken',
  'MissingAuthenticationTokenException',
  'NotAuthorized',
  'OptInRequired',
  'RequestExpired',
  'RequestInTheFuture',
  'RequestTimeTooSkewed',
  'SignatureDoesNotMatch',
  'UnrecognizedClientException',
];
/** Errors that the SDK throws before it sends a request. */
const thrownBySdk = ['CredentialsProviderError', 'TokenProviderError'];

const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'x' };

/** An AWS endpoint that answers every request with this error. */
const refusing = async (type: string) => {
  const { origin, close } = await listen((request, response) => {
    request.resume();
    const headers = { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-errortype': type };
    response.writeHead(400, headers).end(JSON.stringify({ __type: type, message: 'refused' }));
  });
  on({ close });
  return { endpoint: origin, region: 'eu-west-1', maxAttempts: 1, credentials };
};

type Settings = Omit<Awaited<ReturnType<typeof refusing>>, 'credentials'> & {
  credentials: typeof credentials | (() => Promise<typeof credentials>);
};

const deps = { now: () => new Date(), token: () => 'token', damaged: () => {} };
const machineArn = 'arn:aws:states:eu-west-1:123456789012:stateMachine:nightshift-test';

type Request = (settings: Settings) => Promise<unknown>;

const tableRequest: Request = (settings) =>
  table(new DynamoDBClient(settings), 'nightshift-test', deps).get({ pk: 'a', sk: 'b' });
const dispatchRequest: Request = (settings) =>
  invokeDispatch(new LambdaClient(settings), 'dispatch', { job: 'a', slot: '2026-11-22T07:00:00Z' });
const executionRequest: Request = (settings) => stateMachineExecutions(new SFNClient(settings), machineArn).status('a');
const scheduleRequest: Request = (settings) =>
  schedulerDeployedSchedules(new SchedulerClient(settings), 'nightshift-test').get(job());
const secretRequest = ({ endpoint, region }: Settings) =>
  secrets({ KEY_PARAMETER: '/key' }, { endpoint, region, credentials })('KEY');

describe.each([
  ['the table', tableRequest],
  ['the dispatch function', dispatchRequest],
])('a request to %s', (_, request) => {
  it.each(answered)('fails as Unauthorized if AWS answers %s', async (type) => {
    const failure = { name: 'Unauthorized', message: expect.stringContaining(type) };
    await expect(request(await refusing(type))).rejects.toMatchObject(failure);
  });

  it.each(thrownBySdk)('fails as Unauthorized if the SDK throws %s', async (name) => {
    const noCredentials = () => Promise.reject(Object.assign(new Error('no credentials'), { name }));
    const settings = { ...(await refusing('not reached')), credentials: noCredentials };
    await expect(request(settings)).rejects.toMatchObject({ name: 'Unauthorized' });
  });
});

describe.each([
  ['the table', tableRequest],
  ['the dispatch function', dispatchRequest],
  ['the state machine', executionRequest],
  ['the schedule group', scheduleRequest],
  ['a secret', secretRequest],
])('every request to %s', (_, request) => {
  it('fails as Unauthorized if AWS refuses the signature', async () => {
    const refused = request(await refusing('InvalidSignatureException'));
    await expect(refused).rejects.toMatchObject({ name: 'Unauthorized' });
  });

  it('does not fail as Unauthorized if AWS throttles it', async () => {
    const throttled = request(await refusing('ThrottlingException'));
    await expect(throttled).rejects.not.toMatchObject({ name: 'Unauthorized' });
  });
});
