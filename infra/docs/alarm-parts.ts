import { alarmNames, causeOf } from '../stack/alarms.ts';
import { cures } from '../stack/cure.ts';
import { markdownTable, type Part } from './part.ts';

const forStage = (text: string): string => text.replaceAll('${sls:stage}', '<stage>');

const alarmTable = (): string =>
  markdownTable(
    ['alarm', 'rings because', 'what to do'],
    alarmNames.map((name) => [`\`${name}\``, forStage(causeOf(name)), forStage(cures[name])]),
  );

/** Made from the alarms of the template: the table of infra/README.md. */
export const alarmParts: Part[] = [{ file: 'infra/README.md', name: 'alarms', content: alarmTable }];
