import * as z from 'zod';

const name = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,59}$/, 'must be the name of a secret: 1 to 60 of a-z, 0-9 and -, starting with a letter');

/** A secret by name. It lies in SSM Parameter Store, unless the file says `in: secrets-manager`. */
export const Secret = z
  .union([name, z.strictObject({ name, in: z.enum(['parameter-store', 'secrets-manager']) })], {
    error: 'must be the name of a secret, or { name: …, in: parameter-store | secrets-manager }',
  })
  .describe(
    'The name of the secret, never its value. Deployed: the SSM parameter `/nightshift/<stage>/<name>`, or with `{ name: …, in: secrets-manager }` the secret `nightshift/<stage>/<name>`. Locally: the variable `NIGHTSHIFT_SECRET_<NAME>`, also from `.env`.',
  );
export type Secret = z.infer<typeof Secret>;

/** The name of a secret. */
export const secretName = (secret: Secret): string => (typeof secret === 'string' ? secret : secret.name);

/** Whether a secret lies in Secrets Manager. */
export const isManaged = (secret: Secret): boolean => typeof secret === 'object' && secret.in === 'secrets-manager';

/** The path of a secret at a deployed stage. */
export const secretPath = (secret: Secret, stage: string): string => `nightshift/${stage}/${secretName(secret)}`;

/** Where a deployed stage keeps a secret: the name of a parameter, or the id of a secret of Secrets Manager. */
export const secretPlace = (secret: Secret, stage: string): string =>
  `${isManaged(secret) ? '' : '/'}${secretPath(secret, stage)}`;

/** The environment variable that holds a secret on this machine: `NIGHTSHIFT_SECRET_GITHUB_TOKEN`. */
export const secretVariable = (secret: Secret): string =>
  `NIGHTSHIFT_SECRET_${secretName(secret).toUpperCase().replaceAll('-', '_')}`;

/** The fewest characters of a secret. A shorter one could not be told from other text in an answer. */
const fewestSecretChars = 8;

/** What is wrong with a secret's value, or undefined. The answer never holds the value. */
export const secretProblem = (value: string): string | undefined => {
  if (value.length < fewestSecretChars)
    return `found ${value.length} characters, expected at least ${fewestSecretChars}: a shorter one could not be removed from answers`;
  if (/[^\x21-\x7e]/.test(value))
    return 'found a space, a line break or a letter outside ASCII, expected one word of ASCII';
  return undefined;
};
