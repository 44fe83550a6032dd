import type { Facts } from '../schedule-facts.ts';

/** Functions that read hostile text write only where their roles let them (infra/stack/access.ts): never a run or a job's state. */
export const ownKeys = ({ wrote }: Facts): string[] =>
  wrote
    .filter(({ actor, item }) => /^(attempt|triage)-/.test(actor) && !/^(run|session)#/.test(item.pk))
    .map(({ actor, place }) => `${actor} wrote ${place}`);
