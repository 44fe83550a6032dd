import { afterAll, beforeAll, describe } from 'vitest';
import { removed } from '../../kit/project.ts';
import { overlaps } from './deployed-overlaps.ts';
import { resources } from './deployed-resources.ts';
import { runs } from './deployed-runs.ts';
import { watchman } from './deployed-watchman.ts';
import { leastPrivilege } from './least-privilege.ts';
import { changes } from './redeploy.ts';
import { type Deployed, deployed } from './test-stage.ts';

let stage: Deployed | undefined;

const at = (): Deployed => {
  if (stage) return stage;
  throw new Error('the stage is not deployed');
};

beforeAll(async () => {
  stage = await deployed();
}, 600_000);
afterAll(async () => {
  await stage?.close();
  await removed();
});

describe('the deployed resources on MiniStack', () => resources(at));
describe('the deployed runs on MiniStack', () => runs(at));
describe('the deployed overlaps on MiniStack', () => overlaps(at));
describe('the deployed watchman on MiniStack', () => watchman(at));
describe('least privilege on MiniStack', () => leastPrivilege(at));
describe('deploying again on MiniStack', () => changes(at));
