import { afterAll, beforeAll, describe } from 'vitest';
import { answerCases } from './lambda-answers.ts';
import { deathCases } from './lambda-deaths.ts';
import { openWorld, type World } from './lambda-stage.ts';

describe('the packaged functions under aws-lambda-ric', () => {
  let opened: World | undefined;
  const world = (): World => {
    if (!opened) throw new Error('the service is not packaged');
    return opened;
  };
  beforeAll(async () => {
    opened = await openWorld();
  });
  afterAll(() => opened?.close());

  answerCases(world);
  deathCases(world);
});
